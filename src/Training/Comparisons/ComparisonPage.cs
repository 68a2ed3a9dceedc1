using System.Globalization;
using System.Text.Json;
using System.Xml.Linq;
using Fovea.Training.Reports;

namespace Fovea.Training.Comparisons;

/// <summary>Writes a comparison of runs as one self-contained HTML page, without scripts and without resources to load.</summary>
internal static class ComparisonPage
{
    // One colour for each run, in the light and in the dark theme; the ninth run has the first colour again, with dashes.
    private static readonly (string Light, string Dark)[] Colors =
    [
        ("#3346a8", "#93a4ff"), ("#b4500f", "#ffb070"), ("#1d7a3c", "#7fd89a"), ("#8a2da5", "#dd9cf0"),
        ("#00727f", "#6fd3de"), ("#b3174f", "#ff8fb3"), ("#6b4a3a", "#d0ab98"), ("#4b5a64", "#aebcc6"),
    ];

    /// <summary>Returns the page's text, which is also well-formed XML.</summary>
    public static string Of(RunComparison comparison)
    {
        var tables = comparison.Tables();
        var names = comparison.Names;
        return ReportPage.Document(
            "Comparison",
            string.Join(", ", names),
            comparison.HasSameValidation
                ? $"{names.Count} runs side by side, validated with the same number of images."
                : ComparisonText.OtherImages,
            Style(names.Count),
            [
                .. tables.Select((table, i) => Html.Section(
                    $"table-{i}", table.Title, Meaning(table),
                    Html.Table(table.Title, "numbers", ["", .. names], table.Rows.Select(row => Html.Row(row.Name, row.Cells))))),
                Charts(comparison),
            ]);
    }

    private static string Meaning(ComparisonTable table) =>
        $"{Html.Count(table.Rows.Count, "row", "rows")}, and a column for each run. A dash marks what a run does not have.";

    private static XElement Charts(RunComparison comparison)
    {
        XElement?[] charts =
        [
            Chart(comparison, "Validation loss", run => run.Epochs, "epoch", "validationLoss"),
            Chart(comparison, "Validation accuracy", run => run.Epochs, "epoch", "validationAccuracy"),
            Chart(comparison, "Training loss", run => run.Epochs, "epoch", "loss"),
            Chart(comparison, "Loss in cross-validation", run => run.Penalties, "penalty", "loss"),
        ];
        return Html.Section(
            "curves", "Curves",
            charts.All(chart => chart is null)
                ? "The reports have no curves."
                : "Each line is a run. Heads are trained on features and not in epochs; their curve is the loss by the penalty of the "
                    + "weights.",
            new XElement("div", new XAttribute("class", "charts"), charts));
    }

    // Penalties span several powers of ten, so their axis is logarithmic.
    private static XElement? Chart(
        RunComparison comparison, string title, Func<ComparedRun, IReadOnlyList<JsonElement>> points, string x, string y)
    {
        bool isPenalty = x == "penalty";
        var lines = comparison.Runs.Select(run => points(run)
            .Select(point => (X: ComparedRun.Number(point, x), Y: ComparedRun.Number(point, y)))
            .Where(point => point is { X: > 0, Y: not null })
            .Select(point => (X: isPenalty ? Math.Log10(point.X!.Value) : point.X!.Value, Y: point.Y!.Value))
            .OrderBy(point => point.X).ToArray()).ToArray();
        if (lines.All(line => line.Length == 0))
        {
            return null;
        }

        var all = lines.SelectMany(line => line).ToArray();
        double lowX = all.Min(point => point.X), highX = Math.Max(all.Max(point => point.X), lowX + 1);
        double lowY = all.Min(point => point.Y), highY = Math.Max(all.Max(point => point.Y), lowY + 1e-6);
        string[] names = [.. comparison.Names];
        var plot = new Plot(
            title, $"By {x}: {string.Join("; ", names.Zip(lines).Where(run => run.Second.Length > 0).Select(Change))}.",
            (lowX, highX, x), (lowY, highY),
            value => value % 1 != 0 ? "" : isPenalty ? Short(Math.Pow(10, value)) : Html.Number(value), Short);
        foreach (var (i, line) in lines.Index().Where(line => line.Item.Length > 0))
        {
            plot.Line(Kind(i), line);
        }

        var drawn = names.Index().Where(name => lines[name.Index].Length > 0);
        return plot.Figure(title, [.. drawn.Select(name => (Kind(name.Index), name.Item))]);
    }

    private static string Change((string Name, (double X, double Y)[] Line) run) =>
        $"{run.Name} from {Short(run.Line[0].Y)} to {Short(run.Line[^1].Y)}";

    private static string Kind(int run) => $"run-{run}";

    private static string Style(int runs) => string.Concat(Enumerable.Range(0, runs).Select(i =>
    {
        var (light, dark) = Colors[i % Colors.Length];
        string color = $"light-dark({light}, {dark})", dashes = i < Colors.Length ? "none" : "6 3";
        return $".line.run-{i} {{ stroke: {color}; stroke-dasharray: {dashes}; }} .dot.run-{i} {{ fill: {color}; }} "
            + $".key.run-{i}::before {{ border-top-color: {color}; }}\n";
    }));

    private static string Short(double value) => value.ToString("G3", CultureInfo.InvariantCulture);
}
