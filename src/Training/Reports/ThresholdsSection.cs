using System.Xml.Linq;
using Fovea.Training.Confidence;

namespace Fovea.Training.Reports;

/// <summary>The section of the page with the precision and recall of each class by threshold.</summary>
internal static class ThresholdsSection
{
    private static readonly string[] Columns = ["Class", "Threshold", "Precision", "Recall"];

    /// <summary>Returns the section; null if there are no curves.</summary>
    /// <param name="curves">The curves of the classes.</param>
    /// <param name="labels">The names of the classes.</param>
    public static XElement? Of(IReadOnlyList<ThresholdCurve> curves, IReadOnlyList<string> labels) => curves.Count == 0 ? null
        : Html.Section(
        "thresholds", "Thresholds",
        "A class can be named only if its probability reaches a threshold. A higher threshold raises the precision (the share of right "
        + "ones among the named images) and lowers the recall (the share of the class's images that are named).",
        new XElement(
            "div", new XAttribute("class", "charts"), curves.Select(curve => Chart(curve, labels[curve.Class]))),
        Html.Details("All values by threshold", Html.Table(
            "Precision and recall by threshold", "numbers", Columns, curves.SelectMany(curve => Rows(curve, labels[curve.Class])))));

    private static XElement Chart(ThresholdCurve curve, string label)
    {
        var plot = new Plot(
            label, $"Precision and recall of {label} by threshold.", (0, 1, "threshold"), (0, 1),
            value => Html.Percent(value, 0), value => Html.Percent(value, 0));
        plot.Line("training", Points(point => point.Precision));
        plot.Line("validation", Points(point => point.Recall));
        return plot.Figure(label, ("training", "precision"), ("validation", "recall"));

        (double X, double Y)[] Points(Func<ThresholdPoint, double?> value) =>
            [.. curve.Points.Where(point => value(point) is not null).Select(point => (point.Threshold, value(point)!.Value))];
    }

    private static IEnumerable<XElement> Rows(ThresholdCurve curve, string label) => curve.Points.Select(point => Html.Row(
        label, Html.Percent(point.Threshold, 0), Share(point.Precision), Share(point.Recall)));

    private static string Share(double? share) => share is { } value ? Html.Percent(value) : "–";
}
