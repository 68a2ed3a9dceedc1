using System.Xml.Linq;
using Fovea.Models.TrainingEvents;

namespace Fovea.Training.Reports;

/// <summary>The section of the page that compares the network's confidence with its accuracy.</summary>
internal static class CalibrationSection
{
    public static XElement Of(Calibration calibration, CalibrationFitted? fitted)
    {
        string error = Html.Percent(calibration.ExpectedError);
        var bins = calibration.Bins.Where(b => b.Images > 0).ToArray();
        var plot = new Plot(
            "Reliability diagram", $"Accuracy by confidence; the expected calibration error is {error}.",
            (0, 1, "confidence"), (0, 1), v => Html.Percent(v, 0), v => Html.Percent(v, 0));
        foreach (var bin in bins)
        {
            string images = Html.Count(bin.Images, "image", "images");
            plot.Bar(bin.From, bin.To, bin.Accuracy, $"Confidence {Range(bin)}: {Html.Percent(bin.Accuracy)} of {images} correct");
        }

        plot.Rule("ideal", (0, 0), (1, 1));
        return Html.Section(
            "calibration", "Calibration",
            "Of the predictions with a confidence of 80 %, 80 % should be correct. A bar that ends below the diagonal means that the "
            + "network is overconfident there; a bar that ends above it means that the network is underconfident. "
            + $"On average, confidence and accuracy differ by {error} (the expected calibration error)."
            + (fitted is null ? "" : Temperature(fitted)),
            new XElement(
                "div", new XAttribute("class", "charts"),
                plot.Figure("Accuracy by confidence", ("accuracy", "accuracy"), ("perfect", "perfect calibration")),
                Html.Table(
                    "Predictions by confidence", "numbers", ["Confidence", "Images", "Mean confidence", "Accuracy"],
                    bins.Select(b => Html.Row(
                        Range(b), Html.Number(b.Images), Html.Percent(b.Confidence), Html.Percent(b.Accuracy))))));
    }

    // The temperature stays 1 for few images, and where no other one was better in cross-validation.
    private static string Temperature(CalibrationFitted fitted) =>
        (fitted.Temperature == 1
            ? $" The logits are not divided by a temperature: on {Html.Count(fitted.Images, "image", "images")} by {fitted.Source}, none "
                + $"was shown to be better. The expected calibration error there is {Html.Percent(fitted.ErrorBefore)}."
            : $" The logits are divided by the temperature {Html.Number(fitted.Temperature, 2)}, which was fitted on "
                + $"{Html.Count(fitted.Images, "image", "images")} by {fitted.Source}: it changed the expected calibration error there "
                + $"from {Html.Percent(fitted.ErrorBefore)} to {Html.Percent(fitted.ErrorAfter)}.")
        + (fitted.OutlierThreshold is { } limit
            ? $" An image with an energy above {Html.Number(limit, 2)} counts as an outlier, which resembles none of the classes. This "
                + "limit is chosen so that about 95 % of new known images stay below."
            : "");

    private static string Range(CalibrationBin bin) => $"{Html.Number(bin.From * 100)} to {Html.Percent(bin.To, 0)}";
}
