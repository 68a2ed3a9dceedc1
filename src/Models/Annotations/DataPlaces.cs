using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Imaging;

namespace Fovea.Models.Annotations;

/// <summary>Where in a tree of folders the parts, the classes and the images of a data set lie.</summary>
internal sealed class DataPlaces
{
    // The folders that hold everything, outermost first, and the number of folders above a class folder.
    private readonly string[] wrapping;
    private readonly int above;

    private readonly DataFile[] images;
    private readonly bool isDivided;
    private HashSet<string>? stems;

    /// <param name="images">The files that are images by their names.</param>
    /// <param name="isListed">
    /// Whether a list gives the labels. A folder with the name of a part is then that part also without folders in it; otherwise it is a
    /// class of that name.
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

    /// <summary>The number of class folders by the images' paths.</summary>
    public int ClassFolders => images.Where(image => image.Names.Count == above + 2).Select(image => image.Names[above]).Distinct().Count();

    /// <summary>The part that a file is in; <c>null</c> where the data set is not divided, or the file is in no part.</summary>
    public DataPart? Part(DataFile file) =>
        isDivided && file.Names.Count > above ? DataParts.Named(file.Names[above - 1]) : null;

    /// <summary>The name of each part's folder.</summary>
    /// <exception cref="FoveaException">Two folders stand for one part.</exception>
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
                    $"{name} has the folders {found[part]} and {folder}, which stand for the same part; expected one.");
            }
        }

        return found;
    }

    /// <summary>A file as an image of its class folder; <c>null</c> if it lies elsewhere or describes an image beside it.</summary>
    public DataItem? Item(DataFile file, IEnumerable<DataFile> all) =>
        IsInClass(file) && !IsSidecar(file, all) ? new(file.Index, Part(file), [file.Names[above]]) : null;

    /// <summary>The reason why a file cannot be an image of a class; <c>null</c> if it can, or is passed over.</summary>
    public string? WhyNot(DataFile file) => IsInClass(file) ? null
        : file.Names.Count < above + 2 ? ImageFormat.IsImageName(file.Name) ? "It is not in a class folder." : null
        : PassedOver.IsAnnotation(file.Name) || !IsWithin(file.Names) ? null
        : "It is in a folder below its class folder; expected images directly in their class folders.";

    /// <summary>The class of a folder; <c>null</c> if the folder is none of a class.</summary>
    public string? ClassFolder(IReadOnlyList<string> folder) => folder.Count == above + 1 && IsWithin(folder) ? folder[above] : null;

    private bool IsInClass(DataFile file) => file.Names.Count == above + 2 && IsWithin(file.Names);

    // Whether a path leads through the folders that hold everything, and through one of a part if the data set is divided.
    private bool IsWithin(IReadOnlyList<string> names) =>
        names.Take(wrapping.Length).SequenceEqual(wrapping) && (!isDivided || DataParts.Named(names[above - 1]) is not null);

    // An annotation with the name of an image in the same folder belongs to that image, as tools that draw boxes write them.
    private bool IsSidecar(DataFile file, IEnumerable<DataFile> all)
    {
        stems ??= [.. all.Where(other => ImageFormat.IsImageName(other.Name)).Select(Stem)];
        return PassedOver.IsAnnotation(file.Name) && stems.Contains(Stem(file));
    }

    private static string Stem(DataFile file) =>
        string.Join('/', file.Names.SkipLast(1).Append(Path.GetFileNameWithoutExtension(file.Name)));

    // A folder holds everything, and is no class, if most images lie deeper than right in it. A folder with the name of a part stays one.
    // Images beside it are not in a class folder, so they are ignored.
    private static bool IsWrapping(DataFile[] images, int depth)
    {
        var within = Within(images, depth);
        return within.Select(image => image.Names[depth]).Distinct().ToArray() is [var folder]
            && within.Count(image => image.Names.Count > depth + 2) > images.Length / 2
            && (DataParts.Named(folder) is null || AreParts(images, depth + 1));
    }

    private static bool AreParts(DataFile[] images, int depth) =>
        Within(images, depth) is [_, ..] within && within.All(image => DataParts.Named(image.Names[depth]) is not null);

    // The images in the folders at a depth.
    private static DataFile[] Within(DataFile[] images, int depth) => [.. images.Where(image => image.Names.Count > depth + 1)];
}
