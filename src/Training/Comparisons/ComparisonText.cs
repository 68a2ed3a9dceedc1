using System.Text;
using System.Text.Json.Nodes;

namespace Fovea.Training.Comparisons;

/// <summary>Writes a comparison of runs as text and as JSON.</summary>
internal static class ComparisonText
{
    /// <summary>The warning about runs that were validated with different images.</summary>
    public const string OtherImages =
        "The runs were validated with different images, so their figures do not show which model is better; evaluate each on the same "
        + "images.";

    private const int Gap = 2;

    /// <summary>Returns the tables with aligned columns. Lines end in \n and have no spaces at their ends.</summary>
    public static string Of(RunComparison comparison)
    {
        var text = new StringBuilder();
        var tables = comparison.Tables();
        int first = tables.SelectMany(table => table.Rows).Max(row => row.Name.Length);
        int[] widths =
        [
            .. comparison.Names.Select((name, run) => Math.Max(
                name.Length, tables.SelectMany(table => table.Rows).Max(row => row.Cells[run].Length))),
        ];
        foreach (var table in tables)
        {
            text.Append(text.Length > 0 ? "\n" : "").Append(table.Title).Append('\n');
            Line("", comparison.Names);
            foreach (var row in table.Rows)
            {
                Line(row.Name, row.Cells);
            }
        }

        return (comparison.HasSameValidation ? text : text.Append('\n').Append(OtherImages).Append('\n')).ToString();

        void Line(string name, IReadOnlyList<string> cells)
        {
            var line = new StringBuilder(name.PadRight(first));
            foreach (var (cell, width) in cells.Zip(widths))
            {
                line.Append(' ', Gap).Append(cell.PadRight(width));
            }

            text.Append(line.ToString().TrimEnd()).Append('\n');
        }
    }

    /// <summary>
    /// Returns one line: <c>{"runs": [{"file", "model", "dataset", "settings", "figures", "epochs", "penalties", "classes"}],
    /// "differences", "sameValidation"}</c>. The object <c>differences</c> contains a list of values for each setting's name; a value is
    /// null for a run without the setting.
    /// </summary>
    public static string Json(RunComparison comparison) => new JsonObject
    {
        ["runs"] = new JsonArray([.. comparison.Runs.Select(Json)]),
        ["differences"] = new JsonObject(comparison.Differences.Select(setting => KeyValuePair.Create<string, JsonNode?>(
            setting.Name, new JsonArray([.. setting.Values.Select(value => (JsonNode?)value)])))),
        ["sameValidation"] = comparison.HasSameValidation,
    }.ToJsonString();

    private static JsonObject Json(ComparedRun run) => new()
    {
        ["file"] = run.File,
        ["model"] = run.Model,
        ["dataset"] = run.Dataset,
        ["settings"] = new JsonObject(run.Settings.Select(setting => KeyValuePair.Create<string, JsonNode?>(setting.Key, setting.Value))),
        ["figures"] = new JsonObject(RunFigure.All.Where(figure => run.Figure(figure.Path) is not null)
            .Select(figure => KeyValuePair.Create<string, JsonNode?>(figure.Key, run.Figure(figure.Path)))),
        ["epochs"] = new JsonArray([.. run.Epochs.Select(epoch => JsonNode.Parse(epoch.GetRawText()))]),
        ["penalties"] = new JsonArray([.. run.Penalties.Select(penalty => JsonNode.Parse(penalty.GetRawText()))]),
        ["classes"] = new JsonArray([.. run.Classes.Select(c => JsonNode.Parse(c.GetRawText()))]),
    };
}
