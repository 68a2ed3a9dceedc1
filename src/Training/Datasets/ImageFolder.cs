using Fovea.Models.Annotations;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Imaging;

namespace Fovea.Training.Datasets;

/// <summary>
/// The image files of a data set's folder, or of one part of it. Reading them decodes every file once, on all cores, and leaves out files
/// that are not readable images. Decoded images stay in memory up to a budget; the others are decoded again at each use.
/// </summary>
internal sealed class ImageFolder : Dataset
{
    private readonly IReadOnlyList<ImageFile> files;

    private ImageFolder(
        IReadOnlyList<string> labels, Preprocessing preprocessing, IReadOnlyList<ImageFile> files, bool isMultiLabel,
        IReadOnlyList<SkippedFile> refused)
    {
        (Labels, Preprocessing, this.files, Refused) = (labels, preprocessing, files, refused);
        Targets = [.. files.Select(file => file.Targets is [var first, ..] ? first : 0)];
        LabelSets = isMultiLabel ? [.. files.Select(file => file.Targets)] : null;
    }

    public override IReadOnlyList<string> Labels { get; }

    public override IReadOnlyList<int> Targets { get; }

    public override IReadOnlyList<IReadOnlyList<int>>? LabelSets { get; }

    public override Preprocessing Preprocessing { get; }

    public override IReadOnlyList<SkippedFile> Refused { get; }

    /// <summary>Reads the images of a folder, in the order of their paths.</summary>
    /// <param name="source">The files of the folder.</param>
    /// <param name="part">The part to read; null for all images.</param>
    /// <param name="preprocessing">Describes how an image becomes the network's input.</param>
    /// <param name="isTolerant">Whether any share of the files may be unreadable, and classes may be empty.</param>
    /// <exception cref="FoveaException">
    /// A class has no readable images, or more than 5 % of the files are unreadable, and <paramref name="isTolerant"/> is false.
    /// </exception>
    public static ImageFolder Read(FolderFiles source, DataPart? part, Preprocessing preprocessing, bool isTolerant = false)
    {
        var layout = source.Layout;
        var classes = layout.Labels.Select((label, i) => (label, i)).ToDictionary(pair => pair.label, pair => pair.i);
        DataItem[] items = [.. layout.Items.Where(item => part is null || item.Part == part)];
        var read = new (ImageFile? Good, SkippedFile? Bad)[items.Length];
        var memory = new PixelMemory();
        Parallel.For(0, items.Length, i => read[i] = ImageFile.Read(
            source.PathOf(items[i].Index), [.. items[i].Labels.Select(label => classes[label]).Order()], preprocessing, memory));

        SkippedFile[] refused =
        [
            .. layout.Unused.Where(file => part is null || file.Part is null || file.Part == part)
                .Select(file => new SkippedFile(source.PathOf(file.Index), file.Reason)),
            .. read.Select(r => r.Bad).OfType<SkippedFile>(),
        ];
        ImageFile[] files = [.. read.Select(r => r.Good).OfType<ImageFile>()];
        if (!isTolerant)
        {
            RefusalLimit.Check(
                source.Folder,
                [.. refused.Select(file => (file.File, file.Reason))],
                refused.Length + files.Length,
                Empty(source, part, items, files));
        }

        return new ImageFolder(layout.Labels, preprocessing, files, layout.IsMultiLabel, refused);
    }

    public override Pixels Image(int index) => files[index].Pixels(Preprocessing);

    public override string Source(int index) => files[index].Path;

    public override string? FileOf(int index) => files[index].Path;

    protected override byte[] Digest(int index) => files[index].Sha256;

    // Returns the folders or labels of the classes without a readable image. If the whole folder is read, these include class folders
    // without files.
    private static IEnumerable<string> Empty(FolderFiles source, DataPart? part, DataItem[] items, ImageFile[] files)
    {
        var labels = source.Layout.Labels;
        var whole = part is null ? labels : ClassNames.Sorted(items.SelectMany(item => item.Labels));
        return whole.Except(files.SelectMany(file => file.Targets).Distinct().Select(target => labels[target])).Select(label =>
            items.FirstOrDefault(item => item.Labels.Contains(label)) is { } item && !source.Layout.IsListed
                ? Path.GetDirectoryName(source.PathOf(item.Index))!
                : source.Layout.IsListed ? $"The label {label}" : Path.Combine(source.Folder, label));
    }
}
