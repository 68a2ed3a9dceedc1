using System.Xml.Linq;

namespace Fovea.Training;

/// <summary>A report as one HTML page that needs nothing else: no scripts, and nothing that it would have to fetch.</summary>
internal static class Page
{
    private const string Nothing = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

    private static readonly string Style = ReadStyle();

    /// <summary>The page, well-formed as XML too.</summary>
    public static string Of(TrainingReport report)
    {
        var p = report.Provenance;
        string title = $"{p.Architecture ?? Path.GetFileNameWithoutExtension(p.File)}{(p.Training?.Dataset is { } dataset ? $" on {dataset}" : "")}";
        XElement[] sections =
        [
            LearningCurves.Of(report.Epochs, p.Training?.BestEpoch),
            ConfusionSection.Of(report.Evaluation),
            ClassesSection.Of(report.Evaluation),
            CalibrationSection.Of(report.Calibration),
            MistakesSection.Of(report.Mistakes, report.Wrong),
            ProvenanceSection.Of(p),
        ];
        return Html.ToText(new XElement(
            "html", new XAttribute("lang", "en"),
            new XElement(
                "head", new XElement("meta", new XAttribute("charset", "utf-8")),
                Meta("name", "viewport", "width=device-width, initial-scale=1"),
                Meta("name", "generator", $"Fovea {p.Versions["Fovea"]}"),
                Meta("http-equiv", "Content-Security-Policy", Nothing),
                new XElement("title", $"{title} – training report"),
                new XElement("style", Style)),
            new XElement(
                "body",
                new XElement("header", new XElement("p", new XAttribute("class", "kind"), "Training report"), new XElement("h1", title), new XElement("p", Verdict(report)), Figures(report)),
                new XElement("nav", new XAttribute("aria-label", "Parts of the report"), sections.Select(s => new XElement("a", new XAttribute("href", $"#{s.Attribute("id")!.Value}"), s.Element("h2")!.Value))),
                new XElement("main", sections),
                new XElement("footer", $"Written by Fovea {p.Versions["Fovea"]}. Figures by ML.NET's evaluator. The same content for programs: {Path.GetFileName(Report.JsonOf(p.File))}."))));
    }

    private static XElement Meta(string kind, string name, string content) => new("meta", new XAttribute(kind, name), new XAttribute("content", content));

    private static string Verdict(TrainingReport report) =>
        $"Of {Html.Count(report.Images, "validation image", "validation images")} that it was not trained on, the network classifies {Html.Number(report.Images - report.Wrong)} rightly. "
        + "The validation images also chose among the epochs, so expect a little less of images that are wholly new: evaluate on a test set says how much.";

    private static XElement Figures(TrainingReport report) => new(
        "dl", new XAttribute("class", "figures"),
        Figure("Accuracy", Html.Percent(report.Evaluation.Accuracy, 2), "of the images are classified rightly"),
        Figure("Mean of the classes", Html.Percent(report.MacroAccuracy, 2), "accuracy where each class counts the same"),
        report.Evaluation.Classes.Count > 5 ? Figure("Top 5", Html.Percent(report.Evaluation.Top5, 2), "have their class among the five likeliest") : null,
        Figure("Loss", Html.Number(report.Evaluation.Loss, 4), "mean cross-entropy in nats; guessing gives " + Html.Number(Math.Log(report.Evaluation.Classes.Count), 2)),
        Figure("Calibration error", Html.Percent(report.Calibration.ExpectedError), "between how sure it is and how often right"));

    private static XElement Figure(string name, string value, string meaning) =>
        new("div", new XElement("dt", name), new XElement("dd", new XAttribute("class", "value"), value), new XElement("dd", meaning));

    private static string ReadStyle()
    {
        using var reader = new StreamReader(typeof(Page).Assembly.GetManifestResourceStream("page.css")!);
        return reader.ReadToEnd();
    }
}
