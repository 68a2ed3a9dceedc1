using System.Globalization;
using System.Xml.Linq;
using Fovea.Training.Evaluations;

namespace Fovea.Training.Reports;

/// <summary>The parts of the page about a network that gives several labels: a verdict, figures, and a table of the labels.</summary>
internal static class LabelsSection
{
    /// <summary>Returns the table of the labels, the weakest first.</summary>
    public static XElement Of(MultiLabelEvaluation evaluation) => Html.Section(
        "labels", "Labels",
        "Average precision measures how well the network ranks the images that have the label before those that do not; it needs no "
        + "threshold. Precision, recall and F1 count a label as found from a probability of 50 % on. The metrics of a label with few "
        + "images depend strongly on chance.",
        Html.Table(
            "Labels", "numbers", ["Label", "Average precision", "Precision", "Recall", "F1", "Images"],
            evaluation.Classes.OrderBy(c => c.AveragePrecision).Select(c => Html.Row(
                c.Label, Bar(c.AveragePrecision), Bar(c.Precision), Bar(c.Recall), Bar(c.F1), Html.Number(c.Support)))));

    /// <summary>Returns the sentence at the top of the page.</summary>
    public static string Verdict(MultiLabelReport report) =>
        $"The network ranks the labels of {Html.Count(report.Images, "validation image", "validation images")} with a mean average "
        + $"precision of {Html.Percent(report.Evaluation.MeanAveragePrecision)}. "
        + ReportPage.ValidationCaveat(report.Epochs.Count > 0);

    /// <summary>Returns the figures at the top of the page.</summary>
    public static XElement Figures(MultiLabelEvaluation evaluation) => new(
        "dl", new XAttribute("class", "figures"),
        ReportPage.Figure("Mean average precision", Html.Percent(evaluation.MeanAveragePrecision, 2), "each label counts the same"),
        ReportPage.Figure("All labels right", Html.Percent(evaluation.Accuracy, 2), "of the images have exactly their labels found"),
        ReportPage.Figure("Loss", Html.Number(evaluation.Loss, 4), "mean binary cross-entropy in nats; guessing 50 % gives 0.69"));

    private static XElement Bar(double share)
    {
        string style = string.Create(CultureInfo.InvariantCulture, $"--share:{share * 100:F1}%");
        return new("td", new XAttribute("class", "bar"), new XAttribute("style", style), Html.Percent(share));
    }
}
