using Fovea.Models.Annotations;
using Fovea.Models.Errors;

namespace Fovea.Api.DatasetRepository;

/// <summary>
/// Sorts the files of an archive by their paths into images, lists of labels and unusable files. <see cref="DataLayout"/> has the rules.
/// </summary>
internal sealed class DatasetLayout
{
    /// <summary>The name of the folder for all images of a part, if a list gives the labels.</summary>
    public const string ListedFolder = "images";

    private readonly List<RefusedFile> unusable, copies = [];

    /// <summary>Sorts the files of an archive, and reads its lists of labels.</summary>
    /// <exception cref="FoveaException">
    /// <see cref="ErrorCode.BadDataset"/>: there are fewer than two classes, two classes differ only by case, a part has no image of a
    /// class, or a list of labels cannot be read.
    /// </exception>
    public DatasetLayout(DatasetArchive archive)
    {
        ArchivedFile[] files = [.. archive.Files.OrderBy(file => file.Path, StringComparer.Ordinal)];
        var layout = DataLayout.Of(
            "The archive", [.. files.Select(file => file.Names)], archive.Folders, index => archive.ReadText(files[index]));
        unusable = [.. archive.Refused, .. layout.Unused.Select(file => new RefusedFile(files[file.Index].Path, file.Reason))];
        IsListed = layout.IsListed;
        IsMultiLabel = layout.IsMultiLabel;
        Labels = layout.Labels;
        Images = [.. Distinct(layout.Items.Select(item => Candidate(files[item.Index], item)))];
        layout.CheckForTraining(unusable is [var first, ..] ? $" The first file that was left out, {first.File}: {first.Reason}" : "");
    }

    /// <summary>The files that have labels, in the order of their paths. Their contents have not been read yet.</summary>
    public IReadOnlyList<Candidate> Images { get; }

    /// <summary>The classes in the order of their labels.</summary>
    public IReadOnlyList<string> Labels { get; }

    /// <summary>True: a list gives the labels. False: the class folders do.</summary>
    public bool IsListed { get; }

    /// <summary>Whether an image can have several labels, or none.</summary>
    public bool IsMultiLabel { get; }

    /// <summary>The files that cannot be used, each with the reason.</summary>
    public IReadOnlyList<RefusedFile> Unusable => unusable;

    /// <summary>The files that are left out because another file has the same path.</summary>
    public IReadOnlyList<RefusedFile> Copies => copies;

    private Candidate Candidate(ArchivedFile file, DataItem item)
    {
        var part = UploadedDataset.PartOf(item.Part);
        return IsListed
            ? new(file, part, ListedFolder, string.Join('_', file.Names), item.Labels)
            : new(file, part, item.Labels[0], file.Names[^1], item.Labels);
    }

    // Leaves out files whose path equals an earlier one, or differs from it only by case, because some file systems ignore case.
    private IEnumerable<Candidate> Distinct(IEnumerable<Candidate> images)
    {
        foreach (var same in images.GroupBy(image => (image.Part, image.Folder, image.File.ToUpperInvariant())))
        {
            var first = same.First();
            yield return first;
            copies.AddRange(same.Skip(1).Select(image => new RefusedFile(
                image.Archived.Path,
                image.Archived.Path == first.Archived.Path
                    ? "The archive has this path twice."
                    : $"The path differs from {first.Archived.Path} only by case.")));
        }
    }
}
