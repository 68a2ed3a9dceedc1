using System.Globalization;
using System.Xml.Linq;

namespace Fovea.Training.Reports;

/// <summary>The section of the page with pictures of the mistakes that have the highest loss.</summary>
internal static class MistakesSection
{
    public static XElement Of(IReadOnlyList<Mistake> mistakes, int all)
    {
        const string Heading = "Worst mistakes";
        string which = all > mistakes.Count ? $"The {mistakes.Count} of {Html.Number(all)} mistakes with the highest loss" : "All mistakes";
        return mistakes.Count == 0
            ? Html.Section("mistakes", Heading, "There are no mistakes: every validation image was classified correctly.")
            : Html.Section(
                "mistakes", Heading,
                $"{which}, in descending order of the loss, as the network saw the images. "
                + (mistakes.Any(m => m.HeatMap is not null)
                    ? "The second picture is brightest where the image speaks for the predicted class (Grad-CAM). "
                    : "")
                + "Check them for wrong labels, and for kinds of images that the training images lack.",
                new XElement("ol", new XAttribute("class", "pictures"), mistakes.Select(Picture)));
    }

    private static XElement Picture(Mistake m) => new(
        "li", new XElement(
            "figure",
            Html.Linked(m.Link, Image(m.Picture, $"{m.Label}, predicted as {m.Predicted}")),
            m.HeatMap is null ? null : Image(m.HeatMap, $"The places that speak for {m.Predicted}"),
            new XElement(
                "figcaption",
                new XElement("b", m.Label), " predicted as ", new XElement("b", m.Predicted),
                new XElement("small", Figures(m)),
                new XElement("small", Html.Linked(m.Link, m.Image)))));

    private static XElement Image(string source, string description) =>
        new("img", new XAttribute("src", source), new XAttribute("alt", description));

    private static string Figures(Mistake m) =>
        $"{m.Predicted}: {Html.Percent(m.Probability)}; {m.Label}: {Small(m.LabelProbability)}; loss {Html.Number(m.Loss, 2)}";

    private static string Small(double share) =>
        share >= 0.0005 ? Html.Percent(share) : (share * 100).ToString("G1", CultureInfo.InvariantCulture) + "\u00a0%";
}
