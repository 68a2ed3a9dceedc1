using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Imaging;

namespace Fovea.Models.Annotations;

/// <summary>
/// Finds the images of a data set and their classes from the paths of the files and from lists of labels. It does not read the images. The
/// same rules hold for a folder on disk and for an uploaded archive:
/// <list type="bullet">
/// <item>If one outer folder holds the whole data set, the rules apply inside that folder.</item>
/// <item>Folders named train, val and test divide the images, if all folders at that level have such names.</item>
/// <item>Each folder at the next level is a class, unless a file labels.csv, labels.jsonl or _classes.csv lists the labels.</item>
/// <item>Hidden files, files that file managers leave behind, and annotations beside class folders are ignored.</item>
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

    /// <summary>
    /// The files with a class, in the order in which they were given. Whether a file is a readable image is not checked.
    /// </summary>
    public IReadOnlyList<DataItem> Items { get; }

    /// <summary>The files without a class, each with the reason. Ignored files, such as hidden ones, are not in the list.</summary>
    public IReadOnlyList<UnusedFile> Unused { get; }

    /// <summary>The parts of the data set, such as the training part, each with its folder's name; empty if it has no parts.</summary>
    public IReadOnlyDictionary<DataPart, string> PartFolders { get; }

    /// <summary>The names of all classes, in the order of <see cref="ClassNames.Sorted"/>.</summary>
    public IReadOnlyList<string> Labels { get; }

    /// <summary>Whether the labels come from a list such as labels.csv; otherwise they are the names of folders.</summary>
    public bool IsListed { get; }

    /// <summary>Whether an image can have several labels, or none.</summary>
    public bool IsMultiLabel { get; }

    /// <summary>Finds the images of a data set.</summary>
    /// <param name="name">The name of the folder or archive, for messages.</param>
    /// <param name="files">The path of each file: the names of its folders, outermost first, and then the file name.</param>
    /// <param name="folders">The path of each folder, in the same form, including empty folders.</param>
    /// <param name="read">Reads the text of a file. The argument is the file's index in <paramref name="files"/>.</param>
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

        // Files with an image's extension show where the images lie. If no file has one, the images may have no extensions.
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

    /// <summary>Checks that a network can be trained on the data set.</summary>
    /// <param name="leftOut">
    /// A sentence about files that were left out, with a leading space. It is appended to the error about too few classes.
    /// </param>
    /// <exception cref="FoveaException">
    /// <see cref="ErrorCode.BadDataset"/>: there are fewer than two classes, or no training images, or a part lacks a class.
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
            throw Bad(
                $"{name} has {string.Join(" and ", PartFolders.Values)}, and no folder train to learn from; expected a folder train with "
                + "the training images");
        }

        foreach (var (part, folder) in PartFolders)
        {
            var own = Items.Where(item => item.Part == part).SelectMany(item => item.Labels);
            if (!IsMultiLabel && Labels.Except(own).FirstOrDefault() is { } missing)
            {
                throw Bad($"The folder {folder} has no class {missing}, but another part has; expected the same classes in each part");
            }
        }
    }

    private static FoveaException Bad(string message) => new(ErrorCode.BadDataset, $"{message}.");
}
