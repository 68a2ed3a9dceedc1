using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Imaging;

namespace Fovea.Models.Annotations;

/// <summary>
/// The rules by which the files of a data set are images of classes. They hold for a folder on disk and for an uploaded archive alike, and
/// look at paths and at lists of labels, never at images.
/// <list type="bullet">
/// <item>A folder that holds everything is looked into.</item>
/// <item>Folders named train, val and test divide the images, if each folder beside them has such a name.</item>
/// <item>Each folder below is a class of images, unless a file labels.csv, labels.jsonl or _classes.csv says what the images show.</item>
/// <item>Hidden files, leftovers of file managers, and annotations beside class folders are passed over.</item>
/// </list>
/// </summary>
public sealed class DataLayout
{
    private readonly string name;

    private DataLayout(
        string name, IReadOnlyList<DataItem> items, IReadOnlyList<UnusedFile> unused, IReadOnlyDictionary<DataPart, string> folders,
        IEnumerable<string> labels, bool isListed)
    {
        (this.name, Items, Unused, PartFolders, Labels) = (name, items, unused, folders, ClassNames.Sorted(labels));
        IsListed = isListed;
        IsMultiLabel = items.Any(item => item.Labels.Count != 1);
        if (ClassNames.Clash(Labels) is { } clash)
        {
            throw new FoveaException(ErrorCode.BadDataset, $"{clash}.");
        }
    }

    /// <summary>The files that are images of classes, if they are images, in the order in which they were given.</summary>
    public IReadOnlyList<DataItem> Items { get; }

    /// <summary>The files that are not, each with the reason. Files that are passed over are not among them.</summary>
    public IReadOnlyList<UnusedFile> Unused { get; }

    /// <summary>The parts that the data set is divided into, each with the name of its folder; empty if it is not divided.</summary>
    public IReadOnlyDictionary<DataPart, string> PartFolders { get; }

    /// <summary>The names of all classes, as <see cref="ClassNames.Sorted"/> orders them.</summary>
    public IReadOnlyList<string> Labels { get; }

    /// <summary>Whether a list gives the labels; otherwise folders do.</summary>
    public bool IsListed { get; }

    /// <summary>Whether an image can have several labels, or none.</summary>
    public bool IsMultiLabel { get; }

    /// <summary>Finds the images of a data set.</summary>
    /// <param name="name">What holds the files, for messages.</param>
    /// <param name="files">The names of the folders of each file, outermost first, and then its own name.</param>
    /// <param name="folders">The same of each folder, empty ones included.</param>
    /// <param name="read">Reads the text of a file, given its place in <paramref name="files"/>.</param>
    /// <exception cref="FoveaException">
    /// <see cref="ErrorCode.BadDataset"/>: names of classes or parts clash, or a list of labels cannot be read.
    /// </exception>
    public static DataLayout Of(
        string name, IReadOnlyList<IReadOnlyList<string>> files, IEnumerable<IReadOnlyList<string>> folders, Func<int, string> read)
    {
        DataFile[] visible =
        [
            .. files.Select((names, index) => new DataFile(index, names)).Where(file => !PassedOver.IsLeftover(file.Names)),
        ];

        // Files with the ending of an image show where the images lie. A data set without such names may have images without endings.
        var images = visible.Where(file => ImageFormat.IsImageName(file.Name)).ToArray();
        images = images is [] ? [.. visible.Where(file => !PassedOver.IsAnnotation(file.Name))] : images;
        var places = new DataPlaces(images);
        if (LabelLists.Find(visible, read, places.ClassFolders > 1) is { } lists)
        {
            places = new DataPlaces(images, isListed: true);
            var (items, unused) = lists.Apply(images, places);
            return new(name, items, unused, places.PartFolders(name), items.SelectMany(item => item.Labels), isListed: true);
        }

        var sorted = visible.Select(file => (File: file, Item: places.Item(file, visible), Reason: places.WhyNot(file))).ToArray();
        return new(
            name,
            [.. sorted.Select(file => file.Item).OfType<DataItem>()],
            [
                .. sorted.Where(file => file.Reason is not null)
                    .Select(file => new UnusedFile(file.File.Index, places.Part(file.File), file.Reason!)),
            ],
            places.PartFolders(name),
            sorted.Select(file => file.Item).OfType<DataItem>().Select(item => item.Labels[0]).Concat(
                folders.Where(folder => !PassedOver.IsLeftover(folder)).Select(places.ClassFolder).OfType<string>()),
            isListed: false);
    }

    /// <summary>Checks that a network can learn from the data set.</summary>
    /// <param name="leftOut">What the error of too few classes says about files that were left out, with a space before it.</param>
    /// <exception cref="FoveaException">
    /// <see cref="ErrorCode.BadDataset"/>: there are fewer than two classes, or no images to learn from, or a part lacks a class.
    /// </exception>
    public void CheckForTraining(string leftOut = "")
    {
        int least = IsMultiLabel ? 1 : 2;
        if (Labels.Count < least)
        {
            var kind = IsMultiLabel ? "labels" : "class folders";
            throw new FoveaException(
                ErrorCode.BadDataset,
                $"{name} has {Labels.Count} {kind}{(Labels is [var only] ? $", {only}" : "")}; expected at least {least}.{leftOut}");
        }

        if (PartFolders.Count > 0 && !PartFolders.ContainsKey(DataPart.Train))
        {
            throw Bad($"{name} has {string.Join(" and ", PartFolders.Values)}, and no folder train to learn from; expected one");
        }

        foreach (var (part, folder) in PartFolders)
        {
            var own = Items.Where(item => item.Part == part).SelectMany(item => item.Labels);
            if (!IsMultiLabel && Labels.Except(own).FirstOrDefault() is { } missing)
            {
                throw Bad($"The folder {folder} has no class {missing}, as another part has; expected the same classes in each");
            }
        }
    }

    private static FoveaException Bad(string message) => new(ErrorCode.BadDataset, $"{message}.");
}

/// <summary>A file of a data set that is an image of its labels, if it is an image.</summary>
/// <param name="Index">Its place in the list of files.</param>
/// <param name="Part">The part that it is in; <c>null</c> where the data set is not divided.</param>
/// <param name="Labels">What it shows: the class; with a list of labels, any number of different names.</param>
public sealed record DataItem(int Index, DataPart? Part, IReadOnlyList<string> Labels);

/// <summary>A file of a data set that cannot be an image of it.</summary>
/// <param name="Index">Its place in the list of files.</param>
/// <param name="Part">The part that it is in; <c>null</c> where it is in none.</param>
/// <param name="Reason">Why it is not used, as a sentence.</param>
public sealed record UnusedFile(int Index, DataPart? Part, string Reason);

/// <summary>A file of a data set.</summary>
/// <param name="Index">Its place in the list of files.</param>
/// <param name="Names">The names of its folders, outermost first, and then its own name.</param>
internal sealed record DataFile(int Index, IReadOnlyList<string> Names)
{
    /// <summary>Its own name.</summary>
    public string Name => Names[^1];
}
