using Fovea.Models.Errors;
using Fovea.Models.Graphs;

namespace Fovea.Models.Annotations;

/// <summary>
/// The label lists of a data set: files named labels.csv, labels.jsonl or _classes.csv (from Roboflow), with the labels of images by path.
/// </summary>
internal sealed class LabelLists
{
    // The function that parses each kind of list. Its arguments are the list's path, for messages, and its text.
    private static readonly Dictionary<string, Func<string, string, IEnumerable<LabelRow>>> Lists = new(StringComparer.OrdinalIgnoreCase)
    {
        ["labels.csv"] = LabelRow.OfCsv,
        ["labels.jsonl"] = LabelRow.OfJsonLines,
        ["_classes.csv"] = LabelRow.OfColumns,
    };

    private readonly List<(DataFile List, LabelRow Row, DataFile? Image)> rows;

    private LabelLists(List<(DataFile List, LabelRow Row, DataFile? Image)> rows) => this.rows = rows;

    /// <summary>Reads the lists.</summary>
    /// <param name="files">All files of the data set.</param>
    /// <param name="read">Reads the text of a file, given its index.</param>
    /// <param name="hasClassFolders">
    /// Whether the images lie in several class folders. If so, lists that only repeat the folders' names, or that name none of the files,
    /// are ignored.
    /// </param>
    /// <returns>The lists; <c>null</c> if there is none, or if all lists are ignored.</returns>
    /// <exception cref="FoveaException">
    /// <see cref="ErrorCode.BadDataset"/>: a list has a bad line, or a list names none of the files and there are no class folders.
    /// </exception>
    public static LabelLists? Find(IReadOnlyList<DataFile> files, Func<int, string> read, bool hasClassFolders)
    {
        var byPath = new Dictionary<string, DataFile>(StringComparer.Ordinal);
        var rows = new List<(DataFile List, LabelRow Row, DataFile? Image)>();
        foreach (var list in files.Where(file => Lists.ContainsKey(file.Name)))
        {
            if (byPath.Count == 0)
            {
                files.ToList().ForEach(file => byPath.TryAdd(Path(file.Names), file));
            }

            var (own, broken) = Rows(list, read(list.Index), byPath);
            bool names = own.Any(row => row.Image is not null);
            if (broken is not null && (names || !hasClassFolders))
            {
                throw broken;
            }

            if (!names && !hasClassFolders)
            {
                throw new FoveaException(
                    ErrorCode.BadDataset,
                    $"{Path(list.Names)} names {(own is [var first, ..] ? $"only missing files, such as {first.Row.File}" : "no files")}; "
                    + "expected the paths of images, relative to its folder.");
            }

            rows.AddRange(names ? own : []);
        }

        bool repeatsFolders = hasClassFolders && rows.All(row =>
            row.Image is null || (row.Row.Labels is [var label] && row.Image.Names.Count > 1 && row.Image.Names[^2] == label));
        return rows.Count == 0 || repeatsFolders ? null : new(rows);
    }

    /// <summary>Gives each image the labels of all lines that name it.</summary>
    /// <param name="images">The files with an image's extension.</param>
    /// <param name="places">The positions of parts and classes in the folder tree.</param>
    /// <returns>The images with labels; and the unused files: images that no line names, and lines that name a missing file.</returns>
    public (IReadOnlyList<DataItem> Items, IReadOnlyList<UnusedFile> Unused) Apply(DataFile[] images, DataPlaces places)
    {
        var named = rows.Where(row => row.Image is not null).GroupBy(row => row.Image!).ToArray();
        var known = named.Select(group => group.Key).ToHashSet();
        return (
            [
                .. named.OrderBy(group => group.Key.Index).Select(group => new DataItem(
                    group.Key.Index,
                    places.Part(group.Key),
                    [.. group.SelectMany(row => row.Row.Labels).Distinct(StringComparer.Ordinal)])),
            ],
            [
                .. images.Where(image => !known.Contains(image)).Select(image => new UnusedFile(
                    image.Index, places.Part(image), $"No list names the file; expected a line for it in {string.Join(" or ", Names)}.")),
                .. rows.Where(row => row.Image is null).Select(row => new UnusedFile(
                    row.List.Index, places.Part(row.List), $"Line {row.Row.Line} names {row.Row.File}, which is not in the data set.")),
            ]);
    }

    private IEnumerable<string> Names => rows.Select(row => Path(row.List.Names)).Distinct();

    private static (List<(DataFile List, LabelRow Row, DataFile? Image)> Rows, FoveaException? Broken) Rows(
        DataFile list, string text, Dictionary<string, DataFile> byPath)
    {
        var rows = new List<(DataFile List, LabelRow Row, DataFile? Image)>();
        try
        {
            foreach (var row in Lists[list.Name](Path(list.Names), text))
            {
                string[] steps = [.. row.File.Split('/', '\\').Where(step => step is not ("" or "."))];
                rows.Add((list, row, byPath.GetValueOrDefault(Path([.. list.Names.SkipLast(1), .. steps]))));
            }
        }
        catch (FoveaException e)
        {
            return (rows, e);
        }

        return (rows, null);
    }

    private static string Path(IEnumerable<string> names) => string.Join('/', names);
}
