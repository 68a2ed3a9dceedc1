using System.Globalization;
using System.Xml.Linq;

namespace Fovea.Training;

/// <summary>The page's part with pictures of the worst mistakes.</summary>
internal static class MistakesSection
{
    public static XElement Of(IReadOnlyList<Mistake> mistakes, int all)
    {
        const string Heading = "Worst mistakes";
        return mistakes.Count == 0
            ? Html.Section("mistakes", Heading, "There are none: every validation image was classified rightly.")
            : Html.Section(
                "mistakes", Heading,
                $"{(all > mistakes.Count ? $"The {mistakes.Count} with the highest loss of {Html.Number(all)}" : $"All {Html.Number(all)}")}, as the network saw them, the worst first. Look for wrong labels among them, and for what the training images lack.",
                new XElement("ol", new XAttribute("class", "pictures"), mistakes.Select(Picture)));
    }

    private static XElement Picture(Mistake m) => new(
        "li", new XElement(
            "figure",
            new XElement("img", new XAttribute("src", m.Picture), new XAttribute("alt", $"{m.Label}, taken for {m.Predicted}")),
            new XElement(
                "figcaption",
                new XElement("b", m.Label), " taken for ", new XElement("b", m.Predicted),
                new XElement("small", $"{Html.Percent(m.Probability)} sure; {m.Label}: {Small(m.LabelProbability)}; loss {Html.Number(m.Loss, 2)}"),
                new XElement("small", m.Image))));

    private static string Small(double share) => share >= 0.0005 ? Html.Percent(share) : (share * 100).ToString("G1", CultureInfo.InvariantCulture) + "\u00a0%";
}
