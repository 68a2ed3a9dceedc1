using System.Globalization;
using System.Xml.Linq;
using Fovea.Models.TrainingEvents;

namespace Fovea.Training.Reports;

/// <summary>The section of the page with loss and accuracy of a head by the penalty of its weights.</summary>
internal static class PenaltyCurve
{
    private static readonly string[] Columns = ["Penalty", "Loss", "Accuracy"];

    /// <summary>Returns the section.</summary>
    /// <param name="penalties">The penalties that were tried, from strong to weak; empty for a head without such a choice.</param>
    public static XElement Of(IReadOnlyList<PenaltyTried> penalties)
    {
        const string Heading = "Choice of the penalty";
        if (penalties.FirstOrDefault(penalty => penalty.Chosen) is not { } chosen)
        {
            return Html.Section("curves", Heading, "The file does not say how its last layer was trained.");
        }

        // On the horizontal axis, powers of ten are at equal distances, and the strongest penalty is on the left.
        (double X, PenaltyTried Penalty)[] points = [.. penalties.Select(penalty => (-Math.Log10(penalty.Penalty), penalty))];
        double highest = 1.05 * Math.Max(1e-6, penalties.Max(penalty => penalty.Loss));
        double lowest = Math.Min(0.99, Math.Floor(20 * penalties.Min(penalty => penalty.Accuracy)) / 20);
        return Html.Section(
            "curves", Heading,
            "Only the last layer was trained, on features that the other layers compute once. A penalty keeps its weights small: too "
            + "strong a penalty misses differences, too weak a one fits chance. Each training image was judged by a layer trained without "
            + $"it, in {chosen.Folds} parts, and the penalty {Short(chosen.Penalty)}, at the vertical line, had the lowest loss. The "
            + "validation images had no part in this choice.",
            new XElement(
                "div", new XAttribute("class", "charts"),
                Chart("Loss", penalty => penalty.Loss, (0, highest), Short),
                Chart("Accuracy", penalty => penalty.Accuracy, (lowest, 1), value => Html.Percent(value, lowest > 0.94 ? 1 : 0))),
            Html.Details("All values by penalty", Html.Table("Penalties", "numbers", Columns, penalties.Select(Row))));

        XElement Chart(string title, Func<PenaltyTried, double> curve, (double Low, double High) range, Func<double, string> format)
        {
            var x = (points[0].X, Math.Max(points[^1].X, points[0].X + 1), "penalty, from strong to weak");
            string description = $"By penalty: from {format(curve(penalties[0]))} to {format(curve(penalties[^1]))}.";
            var plot = new Plot(title, description, x, range, v => v % 1 == 0 ? Short(Math.Pow(10, -v)) : "", format);
            double best = -Math.Log10(chosen.Penalty);
            plot.Rule("best", (best, range.Low), (best, range.High));
            plot.Line("validation", [.. points.Select(point => (point.X, curve(point.Penalty)))]);
            return plot.Figure(title, ("validation", "cross-validation"));
        }
    }

    private static XElement Row(PenaltyTried penalty) =>
        Html.Row(Short(penalty.Penalty), Html.Number(penalty.Loss, 4), Html.Percent(penalty.Accuracy, 2));

    private static string Short(double value) => value.ToString("G3", CultureInfo.InvariantCulture);
}
