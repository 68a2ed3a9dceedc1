using System.Xml.Linq;

namespace Fovea.Training;

/// <summary>The page's part on whether the network knows what it knows.</summary>
internal static class CalibrationSection
{
    public static XElement Of(Calibration calibration)
    {
        var plot = new Plot(
            "Reliability diagram", $"Share of right answers by confidence; expected calibration error {Html.Percent(calibration.ExpectedError)}.",
            (0, 1, "confidence"), (0, 1), v => Html.Percent(v, 0), v => Html.Percent(v, 0));
        foreach (var bin in calibration.Bins.Where(b => b.Images > 0))
        {
            plot.Bar(bin.From, bin.To, bin.Accuracy, $"{Range(bin)} sure: {Html.Percent(bin.Accuracy)} right of {Html.Count(bin.Images, "image", "images")}");
        }

        plot.Rule("ideal", (0, 0), (1, 1));
        return Html.Section(
            "calibration", "Calibration",
            $"Of the answers of which the network is 80 % sure, 80 % should be right: bars that end below the diagonal mean that it is too sure, bars above it too modest. On average the two differ by {Html.Percent(calibration.ExpectedError)} (the expected calibration error).",
            new XElement(
                "div", new XAttribute("class", "charts"),
                plot.Figure("Right answers by confidence", ("accuracy", "right"), ("perfect", "as sure as right")),
                Html.Table(
                    "Answers by confidence", "numbers", ["Confidence", "Images", "Mean confidence", "Right"],
                    calibration.Bins.Where(b => b.Images > 0).Select(b => Html.Row(Range(b), Html.Number(b.Images), Html.Percent(b.Confidence), Html.Percent(b.Accuracy))))));
    }

    private static string Range(CalibrationBin bin) => $"{Html.Number(bin.From * 100)} to {Html.Percent(bin.To, 0)}";
}
