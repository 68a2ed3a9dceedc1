using Fovea.Models;

namespace Fovea.Training;

/// <summary>
/// A folder with a sub-folder of images for each class, named after it. Every file is decoded once at the start, on all cores: those that cannot be
/// are left out, and of the others as many stay in memory as a share of it allows. The rest is decoded again when it is read.
/// </summary>
internal sealed class ImageFolder : Dataset
{
    // More than this share of bad files is no accident.
    private const double MostRefused = 0.05;

    // Enough of them to see what is wrong with the rest.
    private const int RefusedShown = 5;

    private readonly IReadOnlyList<ImageFile> files;

    private ImageFolder(IReadOnlyList<string> labels, Preprocessing preprocessing, IReadOnlyList<ImageFile> files, IReadOnlyList<RefusedFile> refused) =>
        (Labels, Preprocessing, this.files, Targets, Refused) = (labels, preprocessing, files, [.. files.Select(f => f.Target)], refused);

    public override IReadOnlyList<string> Labels { get; }

    public override IReadOnlyList<int> Targets { get; }

    public override Preprocessing Preprocessing { get; }

    public override IReadOnlyList<RefusedFile> Refused { get; }

    /// <summary>Reads a folder; classes and files are in ordinal order of their names, hidden ones left out.</summary>
    /// <exception cref="FoveaException">There are fewer than two classes, one has no images, two differ by case alone, or over 5 % of the files are bad.</exception>
    public static ImageFolder Read(string folder, Preprocessing preprocessing)
    {
        var labels = Classes(folder);
        var found = labels.SelectMany((label, target) => Files(Path.Combine(folder, label)).Select(path => (Path: path, Target: target))).ToArray();
        var read = new (ImageFile? Good, RefusedFile? Bad)[found.Length];
        var memory = new PixelMemory();
        Parallel.For(0, found.Length, i => read[i] = ImageFile.Read(found[i].Path, found[i].Target, preprocessing, memory));

        RefusedFile[] refused = [.. read.Select(r => r.Bad).OfType<RefusedFile>()];
        if (refused.Length > MostRefused * found.Length)
        {
            var shown = string.Join("; ", refused.Take(RefusedShown).Select(r => $"{r.File}: {r.Reason}"));
            throw Bad($"{refused.Length} of the {found.Length} files in {folder} are no images that can be read; expected at most {MostRefused * 100} %. {(refused.Length > RefusedShown ? "The first: " : "")}{shown.TrimEnd('.')}");
        }

        ImageFile[] files = [.. read.Select(r => r.Good).OfType<ImageFile>()];
        var empty = Enumerable.Range(0, labels.Count).Except(files.Select(f => f.Target)).ToArray();
        return empty is []
            ? new ImageFolder(labels, preprocessing, files, refused)
            : throw Bad($"{Path.Combine(folder, labels[empty[0]])} holds no images; expected at least one in each class folder");
    }

    /// <summary>The names of the class folders, in ordinal order.</summary>
    /// <exception cref="FoveaException">There are fewer than two, or two differ by case alone.</exception>
    public static IReadOnlyList<string> Classes(string folder)
    {
        var names = Folders(folder);
        if (names.Count < 2)
        {
            throw Bad($"{folder} has {names.Count} class folders; expected at least 2, or the four IDX files of MNIST");
        }

        // Not every disk and not every reader can tell these apart.
        return names.GroupBy(name => name, StringComparer.OrdinalIgnoreCase).FirstOrDefault(same => same.Count() > 1) is { } twice
            ? throw Bad($"{folder} has the classes {string.Join(" and ", twice)}; expected names that differ by more than case")
            : names;
    }

    /// <summary>The names of the sub-folders that are not hidden, in ordinal order.</summary>
    public static IReadOnlyList<string> Folders(string folder) => [.. Visible(Directory.GetDirectories(folder)).Select(path => Path.GetFileName(path))];

    public override Pixels Image(int index) => files[index].Pixels(Preprocessing);

    public override string Source(int index) => files[index].Path;

    protected override byte[] Digest(int index) => files[index].Sha256;

    private static IEnumerable<string> Files(string folder) => Visible(Directory.GetFiles(folder));

    private static IEnumerable<string> Visible(string[] paths) => paths.Where(path => !Path.GetFileName(path).StartsWith('.')).Order(StringComparer.Ordinal);

    private static FoveaException Bad(string reason) => new(ErrorCode.BadDataset, $"{reason}.");
}
