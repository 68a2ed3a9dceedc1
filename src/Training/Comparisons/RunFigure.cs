using System.Globalization;

namespace Fovea.Training.Comparisons;

/// <summary>A figure by which runs are compared: a row of the table of figures.</summary>
/// <param name="Name">The name in tables.</param>
/// <param name="Key">The name in JSON.</param>
/// <param name="Format">Formats a value.</param>
/// <param name="Better">1 if a higher value is better, -1 if a lower one is, 0 if neither is.</param>
/// <param name="Path">The path of the value in a report.</param>
internal sealed record RunFigure(string Name, string Key, Func<double, string> Format, int Better, params string[] Path)
{
    /// <summary>All figures, in the order of the table.</summary>
    public static readonly RunFigure[] All =
    [
        new("accuracy", "accuracy", Percent, 1, "evaluation", "accuracy"),
        new("mean class accuracy", "macroAccuracy", Percent, 1, "macroAccuracy"),
        new("mean average precision", "meanAveragePrecision", Percent, 1, "evaluation", "meanAveragePrecision"),
        new("top 5", "top5", Percent, 1, "evaluation", "top5"),
        new("loss", "loss", Loss, -1, "evaluation", "loss"),
        new("calibration error", "calibrationError", Percent, -1, "calibration", "expectedError"),
        new("validation images", "images", Count, 0, "images"),
        new("wrong", "wrong", Count, -1, "wrong"),
        new("best epoch", "bestEpoch", Count, 0, "provenance", "training", "bestEpoch"),
        new("training time", "seconds", value => Text($"{value:F1} s"), -1, "provenance", "seconds"),
    ];

    /// <summary>Formats a share, 0 to 1.</summary>
    public static string Percent(double share) => Text($"{share * 100:F2} %");

    /// <summary>Formats a loss in nats.</summary>
    public static string Loss(double loss) => Text($"{loss:F4}");

    private static string Count(double number) => Text($"{number:N0}");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
