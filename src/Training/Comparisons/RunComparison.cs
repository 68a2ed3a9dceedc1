using System.Globalization;
using System.Text.Json;
using Fovea.Models.Errors;

namespace Fovea.Training.Comparisons;

/// <summary>Several runs side by side: their figures, the settings that differ, their curves and the F1 of each class.</summary>
internal sealed class RunComparison
{
    // The largest number of rows in a table. Longer curves and longer lists of classes are thinned out; the JSON has all values.
    private const int MaximumRows = 20;

    private const string Missing = "-", Best = " *", ValidationHash = "validation images";

    private RunComparison(IReadOnlyList<ComparedRun> runs) => Runs = runs;

    /// <summary>The runs, at least two, in the order in which they were given.</summary>
    public IReadOnlyList<ComparedRun> Runs { get; }

    /// <summary>The names of the runs: the names of their models if these differ, otherwise the paths of the reports.</summary>
    public IReadOnlyList<string> Names => Runs.DistinctBy(run => run.Model).Count() == Runs.Count
        ? [.. Runs.Select(run => run.Model)]
        : [.. Runs.Select(run => run.File)];

    /// <summary>
    /// Whether all runs were validated with the same images, as far as the reports tell. If not, the figures do not show which model is
    /// better.
    /// </summary>
    public bool HasSameValidation =>
        Runs.Select(run => run.Figure("images")).Distinct().Count() == 1
        && Runs.Select(run => run.Settings.GetValueOrDefault(ValidationHash)).OfType<string>().Distinct().Count() <= 1;

    /// <summary>The settings that differ, each with its value in each run; null if the run does not have the setting.</summary>
    public IReadOnlyList<(string Name, string?[] Values)> Differences =>
    [
        .. Runs.SelectMany(run => run.Settings.Keys).Distinct()
            .Select(name => (name, Runs.Select(run => run.Settings.GetValueOrDefault(name)).ToArray()))
            .Where(setting => setting.Item2.Distinct().Count() > 1),
    ];

    /// <summary>Reads the reports of several runs.</summary>
    /// <param name="files">The paths of the reports.</param>
    /// <exception cref="FoveaException">
    /// <see cref="ErrorCode.BadArgument"/>: there are fewer than two files, or a file is no report; the message names the file.
    /// </exception>
    public static RunComparison Read(IReadOnlyList<string> files) => files.Count >= 2
        ? Of([.. files.Select(ComparedRun.Read)])
        : throw new FoveaException(ErrorCode.BadArgument, $"{files.Count} report is given; expected at least 2 to compare.");

    /// <summary>Compares runs.</summary>
    /// <param name="runs">The runs, at least two.</param>
    public static RunComparison Of(IReadOnlyList<ComparedRun> runs) => new(runs);

    /// <summary>Returns the tables of the comparison; tables without rows are left out.</summary>
    public IReadOnlyList<ComparisonTable> Tables() =>
    [
        .. new[]
        {
            new ComparisonTable("Runs", [new("report", [.. Runs.Select(run => run.File)]), new("data set", Row(run => run.Dataset))]),
            new ComparisonTable("Figures (* marks the best)", [.. RunFigure.All.Select(Figures).OfType<ComparisonRow>()]),
            new ComparisonTable(
                "Settings that differ",
                [.. Differences.Select(setting => new ComparisonRow(setting.Name, [.. setting.Values.Select(v => Short(v) ?? Missing)]))]),
            Curve("Validation loss by epoch", run => run.Epochs, "epoch", "validationLoss", RunFigure.Loss),
            Curve("Validation accuracy by epoch", run => run.Epochs, "epoch", "validationAccuracy", RunFigure.Percent),
            Curve("Loss by penalty, in cross-validation", run => run.Penalties, "penalty", "loss", RunFigure.Loss),
            Classes(),
        }.Where(table => table.Rows.Count > 0),
    ];

    private string[] Row(Func<ComparedRun, string?> value) => [.. Runs.Select(run => value(run) ?? Missing)];

    private ComparisonRow? Figures(RunFigure figure)
    {
        var values = Runs.Select(run => run.Figure(figure.Path)).ToArray();
        if (values.All(value => value is null))
        {
            return null;
        }

        var best = figure.Better > 0 ? values.Max() : figure.Better < 0 ? values.Min() : null;
        bool isTie = values.All(value => value == best);
        return new(
            figure.Name,
            [.. values.Select(value => value is { } v ? figure.Format(v) + (v == best && !isTie ? Best : "") : Missing)]);
    }

    // Returns a table with a row for each epoch or penalty that any of the runs has.
    private ComparisonTable Curve(
        string title, Func<ComparedRun, IReadOnlyList<JsonElement>> points, string x, string y, Func<double, string> format)
    {
        var curves = Runs.Select(run => points(run).Where(point => ComparedRun.Number(point, x) is not null)
            .DistinctBy(point => ComparedRun.Number(point, x)!.Value)
            .ToDictionary(point => ComparedRun.Number(point, x)!.Value, point => ComparedRun.Number(point, y))).ToArray();
        double[] all = [.. curves.SelectMany(curve => curve.Keys).Distinct().Order()];
        double[] shown = all.Length <= MaximumRows ? all
            : [.. Enumerable.Range(0, MaximumRows).Select(i => all[i * (all.Length - 1) / (MaximumRows - 1)])];
        return new(title, [.. shown.Select(at => new ComparisonRow(
            at.ToString("G6", CultureInfo.InvariantCulture),
            [.. curves.Select(curve => curve.GetValueOrDefault(at) is { } value ? format(value) : Missing)]))]);
    }

    // If there are many classes, the table has those classes whose F1 differs most between the runs.
    private ComparisonTable Classes()
    {
        var byRun = Runs.Select(run => run.Classes.Where(c => ComparedRun.Text(c, "label") is not null)
            .DistinctBy(c => ComparedRun.Text(c, "label"))
            .ToDictionary(c => ComparedRun.Text(c, "label")!, c => ComparedRun.Number(c, "f1"))).ToArray();
        string[] labels = [.. byRun.SelectMany(run => run.Keys).Distinct()];
        bool isLong = labels.Length > MaximumRows;
        var shown = isLong
            ? labels.OrderByDescending(label => Spread([.. byRun.Select(run => run.GetValueOrDefault(label))])).Take(MaximumRows)
            : labels;
        return new(
            isLong ? $"F1 of the {MaximumRows} classes that differ most" : "F1 by class",
            [
                .. shown.Select(label => new ComparisonRow(
                    label,
                    [.. byRun.Select(run => run.GetValueOrDefault(label) is { } f1 ? RunFigure.Percent(f1) : Missing)])),
            ]);
    }

    private static double Spread(double?[] values) => (values.Max() ?? 0) - (values.Min() ?? 0);

    // Cuts off a hash after its first digits, which suffice to distinguish it from another hash.
    private static string? Short(string? value) =>
        value is { Length: 64 } && value.All(char.IsAsciiHexDigitLower) ? $"{value[..12]}..." : value;
}
