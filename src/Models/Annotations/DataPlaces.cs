using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Imaging;

namespace Fovea.Models.Annotations;

/// <summary>Finds at which depth of a folder tree the parts, the classes and the images of a data set lie.</summary>
internal sealed class DataPlaces
{
    // wrapping: the outer folders that hold the whole data set, outermost first. above: the number of folders above a class folder.
    private readonly string[] wrapping;
    private readonly int above;

    private readonly DataFile[] images;
    private readonly bool isDivided;
    private HashSet<string>? stems;

    /// <param name="images">The files with an image's extension.</param>
    /// <param name="isListed">
    /// Whether a list gives the labels. If so, a folder named train, val or test is a part even without folders in it; otherwise a folder
    /// with such a name and without folders in it is a class.
    /// </param>
    public DataPlaces(DataFile[] images, bool isListed = false)
    {
        this.images = images;
        int depth = 0;
        while (IsWrapping(images, depth))
        {
            depth++;
        }

        wrapping = [.. Within(images, depth).Select(image => image.Names.Take(depth)).FirstOrDefault([])];
        isDivided = AreParts(images, depth) && (isListed || images.Any(image => image.Names.Count > depth + 2));
        above = depth + (isDivided ? 1 : 0);
    }

    /// <summary>The number of folders that directly hold images at the depth of class folders.</summary>
    public int ClassFolders => images.Where(image => image.Names.Count == above + 2).Select(image => image.Names[above]).Distinct().Count();

    /// <summary>The file's part of the data set; <c>null</c> if the data set has no parts or the file is in none.</summary>
    public DataPart? Part(DataFile file) =>
        isDivided && file.Names.Count > above ? DataParts.Named(file.Names[above - 1]) : null;

    /// <summary>The name of each part's folder.</summary>
    /// <exception cref="FoveaException">Two folders, such as val and valid, mean the same part.</exception>
    public Dictionary<DataPart, string> PartFolders(string name)
    {
        var found = new Dictionary<DataPart, string>();
        foreach (var folder in isDivided ? Within(images, above - 1).Select(image => image.Names[above - 1]).Distinct() : [])
        {
            var part = DataParts.Named(folder)!.Value;
            if (!found.TryAdd(part, folder))
            {
                throw new FoveaException(
                    ErrorCode.BadDataset,
                    $"{name} has the folders {found[part]} and {folder} for the same part of the data set; expected only one.");
            }
        }

        return found;
    }

    /// <summary>
    /// The file with its folder's name as class; <c>null</c> if it is not in a class folder or describes an image beside it.
    /// </summary>
    public DataItem? Item(DataFile file, IEnumerable<DataFile> all) =>
        IsInClass(file) && !IsSidecar(file, all) ? new(file.Index, Part(file), [file.Names[above]]) : null;

    /// <summary>The reason why a file has no class, as a sentence; <c>null</c> if the file has a class or is ignored.</summary>
    public string? WhyNot(DataFile file) => IsInClass(file) ? null
        : file.Names.Count < above + 2 ? ImageFormat.IsImageName(file.Name) ? "The file is not in a class folder." : null
        : PassedOver.IsAnnotation(file.Name) || !IsWithin(file.Names) ? null
        : "The file is in a folder below its class folder; expected images directly in their class folders.";

    /// <summary>The class that a folder stands for; <c>null</c> if it is not a class folder.</summary>
    public string? ClassFolder(IReadOnlyList<string> folder) => folder.Count == above + 1 && IsWithin(folder) ? folder[above] : null;

    private bool IsInClass(DataFile file) => file.Names.Count == above + 2 && IsWithin(file.Names);

    // Whether a path begins with the outer folders that hold the whole data set and, if the data set has parts, goes on with a part's
    // folder.
    private bool IsWithin(IReadOnlyList<string> names) =>
        names.Take(wrapping.Length).SequenceEqual(wrapping) && (!isDivided || DataParts.Named(names[above - 1]) is not null);

    // An annotation file named like an image in its folder (cat.xml beside cat.jpg) describes that image. Tools for drawing boxes write
    // such files.
    private bool IsSidecar(DataFile file, IEnumerable<DataFile> all)
    {
        stems ??= [.. all.Where(other => ImageFormat.IsImageName(other.Name)).Select(Stem)];
        return PassedOver.IsAnnotation(file.Name) && stems.Contains(Stem(file));
    }

    private static string Stem(DataFile file) =>
        string.Join('/', file.Names.SkipLast(1).Append(Path.GetFileNameWithoutExtension(file.Name)));

    // An only folder at a depth is an outer folder, not a class, if more than half of the images lie in folders below it. A folder named
    // like a part is a part instead. Images beside the outer folder are not in a class folder.
    private static bool IsWrapping(DataFile[] images, int depth)
    {
        var within = Within(images, depth);
        return within.Select(image => image.Names[depth]).Distinct().ToArray() is [var folder]
            && within.Count(image => image.Names.Count > depth + 2) > images.Length / 2
            && (DataParts.Named(folder) is null || AreParts(images, depth + 1));
    }

    private static bool AreParts(DataFile[] images, int depth) =>
        Within(images, depth) is [_, ..] within && within.All(image => DataParts.Named(image.Names[depth]) is not null);

    // The images that lie in a folder at this depth, directly or deeper.
    private static DataFile[] Within(DataFile[] images, int depth) => [.. images.Where(image => image.Names.Count > depth + 1)];
}
