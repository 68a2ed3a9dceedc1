using Fovea.Models.Annotations;
using Fovea.Models.Errors;

namespace Fovea.Api.DatasetRepository;

/// <summary>
/// Sorts the files of an archive of corrections by their paths. Files in a folder <c>_removed</c> are images to remove from the data set.
/// For the other files, class folders or a list of labels give the labels, by the rules of <see cref="DataLayout"/>.
/// </summary>
internal sealed class CorrectionLayout
{
    /// <summary>The name of the folder with the images to remove.</summary>
    public const string RemovedFolder = "_removed";

    private readonly bool isListed;

    /// <summary>Sorts the files of an archive, and reads its lists of labels.</summary>
    /// <exception cref="FoveaException">
    /// <see cref="ErrorCode.BadDataset"/>: two classes differ only by case, or a list of labels cannot be read.
    /// </exception>
    public CorrectionLayout(DatasetArchive archive)
    {
        var files = archive.Files.OrderBy(file => file.Path, StringComparer.Ordinal)
            .ToLookup(file => HasRemovedFolder(file.Names.SkipLast(1)));
        ArchivedFile[] shown = [.. files[false]];
        var layout = DataLayout.Of(
            "The archive",
            [.. shown.Select(file => file.Names)],
            archive.Folders.Where(folder => !HasRemovedFolder(folder)),
            index => archive.ReadText(shown[index]));
        isListed = layout.IsListed;
        Corrections =
        [
            .. files[true].Where(file => !PassedOver.IsAnnotation(file.Names[^1])).Select(file => new Correction(file, null, null)),
            .. layout.Items.Select(item => new Correction(shown[item.Index], UploadedDataset.PartOf(item.Part), item.Labels)),
        ];
        Unusable = [.. archive.Refused, .. layout.Unused.Select(file => new RefusedFile(shown[file.Index].Path, file.Reason))];
    }

    /// <summary>The corrections: first those that remove images, then the others, each in the order of their paths.</summary>
    public IReadOnlyList<Correction> Corrections { get; }

    /// <summary>The files that cannot be used, each with the reason.</summary>
    public IReadOnlyList<RefusedFile> Unusable { get; }

    /// <summary>
    /// Checks that the corrections label images in the same way as the data set: with one class each, or with any number of labels.
    /// </summary>
    /// <exception cref="FoveaException"><see cref="ErrorCode.BadDataset"/>: they label images in the other way.</exception>
    public void RequireSameKindAs(UploadedDataset dataset)
    {
        var shown = Corrections.Where(correction => correction.Labels is not null).ToArray();
        if (dataset.IsMultiLabel && !isListed && shown is [var folder, ..])
        {
            throw Bad(
                $"{folder.Archived.Path} is in a class folder, which gives one label, but the images of {dataset.Id} have any number of "
                    + $"labels; expected labels.csv or labels.jsonl beside the images, or the folder {RemovedFolder}.");
        }

        if (!dataset.IsMultiLabel && shown.FirstOrDefault(correction => correction.Labels!.Count != 1) is { } several)
        {
            throw Bad(
                $"{several.Archived.Path} has {several.Labels!.Count} labels, but each image of {dataset.Id} has one class; expected one "
                    + "label.");
        }

        var labels = shown.SelectMany(correction => correction.Labels!).Concat(dataset.Classes.Select(c => c.Label)).Distinct();
        if (ClassNames.Clash(labels) is { } clash)
        {
            throw Bad($"{clash}.");
        }
    }

    private static bool HasRemovedFolder(IEnumerable<string> folders) => folders.Contains(RemovedFolder, StringComparer.OrdinalIgnoreCase);

    private static FoveaException Bad(string message) => new(ErrorCode.BadDataset, message);
}
