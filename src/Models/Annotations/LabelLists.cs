using Fovea.Models.Errors;
using Fovea.Models.Graphs;

namespace Fovea.Models.Annotations;

/// <summary>
/// The files labels.csv, labels.jsonl and _classes.csv (Roboflow's) of a data set, which say what the images beside them show.
/// </summary>
internal sealed class LabelLists
{
    // Each reads the rows of a list from its name, for messages, and its text.
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
    /// Whether the images lie in several class folders. A list that says no more than the folders, or names other files, is then passed
    /// over.
    /// </param>
    /// <returns><c>null</c> if there is no list, or if all are passed over.</returns>
    /// <exception cref="FoveaException">
    /// <see cref="ErrorCode.BadDataset"/>: a list cannot be read, or names none of the files although no folders give classes.
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
                    $"{Path(list.Names)} names none of the files beside it"
                    + $"{(own is [var first, ..] ? $", such as {first.Row.File}" : "")}; expected the names of images.");
            }

            rows.AddRange(names ? own : []);
        }

        bool repeatsFolders = hasClassFolders && rows.All(row =>
            row.Image is null || (row.Row.Labels is [var label] && row.Image.Names.Count > 1 && row.Image.Names[^2] == label));
        return rows.Count == 0 || repeatsFolders ? null : new(rows);
    }

    /// <summary>Gives the images their labels.</summary>
    /// <param name="images">The files that are images by their names.</param>
    /// <param name="places">Where they lie.</param>
    /// <returns>The images, each with the labels of all rows that name it, and the files that no row names.</returns>
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
                    image.Index, places.Part(image), $"No list names it; expected it in {string.Join(" or ", Names)}.")),
                .. rows.Where(row => row.Image is null).Select(row => new UnusedFile(
                    row.List.Index, places.Part(row.List), $"Line {row.Row.Line} names {row.Row.File}, which is not there.")),
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
