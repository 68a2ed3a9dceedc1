using Fovea.Models;

namespace Fovea.Training;

/// <summary>
/// A data set in a folder that has a sub-folder of image files for each class; the sub-folder's name is the class name. Reading the folder
/// decodes every file once, on all cores, and leaves out those that are not readable images. Decoded images stay in memory up to a budget;
/// the others are decoded again at each use.
/// </summary>
internal sealed class ImageFolder : Dataset
{
    // A larger share of unreadable files suggests the wrong folder or a broken copy, so it is an error.
    private const double MaximumRefusedShare = 0.05;

    // The error lists only the first few unreadable files.
    private const int RefusedShown = 5;

    private readonly IReadOnlyList<ImageFile> files;

    private ImageFolder(
        IReadOnlyList<string> labels, Preprocessing preprocessing, IReadOnlyList<ImageFile> files, IReadOnlyList<RefusedFile> refused) =>
        (Labels, Preprocessing, this.files, Targets, Refused) = (labels, preprocessing, files, [.. files.Select(f => f.Target)], refused);

    public override IReadOnlyList<string> Labels { get; }

    public override IReadOnlyList<int> Targets { get; }

    public override Preprocessing Preprocessing { get; }

    public override IReadOnlyList<RefusedFile> Refused { get; }

    /// <summary>Reads a folder. Classes and files are in ordinal order of their names; hidden ones are ignored.</summary>
    /// <param name="folder">The folder with the class folders.</param>
    /// <param name="preprocessing">How the network's input is made.</param>
    /// <exception cref="FoveaException">
    /// There are fewer than two classes, a class has no images, two class names differ only in case, or more than 5 % of the files are
    /// unreadable.
    /// </exception>
    public static ImageFolder Read(string folder, Preprocessing preprocessing)
    {
        var labels = Classes(folder);
        var found = labels
            .SelectMany((label, target) => Files(Path.Combine(folder, label)).Select(path => (Path: path, Target: target)))
            .ToArray();
        var read = new (ImageFile? Good, RefusedFile? Bad)[found.Length];
        var memory = new PixelMemory();
        Parallel.For(0, found.Length, i => read[i] = ImageFile.Read(found[i].Path, found[i].Target, preprocessing, memory));

        RefusedFile[] refused = [.. read.Select(r => r.Bad).OfType<RefusedFile>()];
        if (refused.Length > MaximumRefusedShare * found.Length)
        {
            var shown = string.Join("; ", refused.Take(RefusedShown).Select(r => $"{r.File}: {r.Reason}")).TrimEnd('.');
            throw Bad($"{refused.Length} of the {found.Length} files in {folder} are not readable images; "
                + $"expected at most {MaximumRefusedShare * 100} %. {(refused.Length > RefusedShown ? "The first: " : "")}{shown}");
        }

        ImageFile[] files = [.. read.Select(r => r.Good).OfType<ImageFile>()];
        var empty = Enumerable.Range(0, labels.Count).Except(files.Select(f => f.Target)).ToArray();
        return empty is []
            ? new ImageFolder(labels, preprocessing, files, refused)
            : throw Bad($"{Path.Combine(folder, labels[empty[0]])} holds no images; expected at least one in each class folder");
    }

    /// <summary>Returns the names of the class folders in ordinal order.</summary>
    /// <exception cref="FoveaException">There are fewer than two class folders, or two names differ only in case.</exception>
    public static IReadOnlyList<string> Classes(string folder)
    {
        var names = Folders(folder);
        if (names.Count < 2)
        {
            throw Bad($"{folder} has {names.Count} class folders; expected at least 2, or the four IDX files of MNIST");
        }

        // Some file systems, and many readers, do not distinguish names that differ only in case.
        return names.GroupBy(name => name, StringComparer.OrdinalIgnoreCase).FirstOrDefault(same => same.Count() > 1) is { } twice
            ? throw Bad($"{folder} has the classes {string.Join(" and ", twice)}; expected names that differ in more than case")
            : names;
    }

    /// <summary>Returns the names of the sub-folders in ordinal order, without hidden ones, whose names begin with a dot.</summary>
    public static IReadOnlyList<string> Folders(string folder) =>
        [.. Visible(Directory.GetDirectories(folder)).Select(path => Path.GetFileName(path))];

    public override Pixels Image(int index) => files[index].Pixels(Preprocessing);

    public override string Source(int index) => files[index].Path;

    protected override byte[] Digest(int index) => files[index].Sha256;

    private static IEnumerable<string> Files(string folder) => Visible(Directory.GetFiles(folder));

    private static IEnumerable<string> Visible(string[] paths) =>
        paths.Where(path => !Path.GetFileName(path).StartsWith('.')).Order(StringComparer.Ordinal);

    private static FoveaException Bad(string reason) => new(ErrorCode.BadDataset, $"{reason}.");
}
