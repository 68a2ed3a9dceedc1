using System.Xml.Linq;

namespace Fovea.Training;

/// <summary>Writes a report as one self-contained HTML page, without scripts and without resources to load.</summary>
internal static class Page
{
    // Allows inline styles and data: images, and forbids every request.
    private const string ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

    private static readonly string Style = ReadStyle();

    /// <summary>Returns the page's text, which is also well-formed XML.</summary>
    public static string Of(TrainingReport report)
    {
        var p = report.Provenance;
        string network = p.Architecture ?? Path.GetFileNameWithoutExtension(p.File);
        string title = $"{network}{(p.Training?.Dataset is { } dataset ? $" on {dataset}" : "")}";
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
                Meta("http-equiv", "Content-Security-Policy", ContentSecurityPolicy),
                new XElement("title", $"{title} – training report"),
                new XElement("style", Style)),
            new XElement(
                "body",
                Header(report, title),
                new XElement("nav", new XAttribute("aria-label", "Sections of the report"), sections.Select(Link)),
                new XElement("main", sections),
                new XElement(
                    "footer",
                    $"Written by Fovea {p.Versions["Fovea"]}. ML.NET's evaluator computed the metrics. "
                    + $"{Path.GetFileName(Report.JsonOf(p.File))} has the same content as JSON."))));
    }

    private static XElement Header(TrainingReport report, string title) => new(
        "header",
        new XElement("p", new XAttribute("class", "kind"), "Training report"),
        new XElement("h1", title),
        new XElement("p", Verdict(report)),
        Figures(report));

    private static XElement Link(XElement section) =>
        new("a", new XAttribute("href", $"#{section.Attribute("id")!.Value}"), section.Element("h2")!.Value);

    private static XElement Meta(string kind, string name, string content) =>
        new("meta", new XAttribute(kind, name), new XAttribute("content", content));

    private static string Verdict(TrainingReport report)
    {
        string correct = Html.Number(report.Images - report.Wrong);
        string images = Html.Count(report.Images, "validation image", "validation images");
        return $"The network classifies {correct} of {images} correctly. It was not trained on these images, but they decided which "
            + "weights were saved, so the accuracy on new images is usually a little lower. The evaluate command measures it on test "
            + "images.";
    }

    private static XElement Figures(TrainingReport report)
    {
        var evaluation = report.Evaluation;
        string uniformLoss = Html.Number(Math.Log(evaluation.Classes.Count), 2);
        return new(
            "dl", new XAttribute("class", "figures"),
            Figure("Accuracy", Html.Percent(evaluation.Accuracy, 2), "of the images are classified correctly"),
            Figure("Mean class accuracy", Html.Percent(report.MacroAccuracy, 2), "each class counts the same, however many images it has"),
            evaluation.Classes.Count > 5
                ? Figure("Top 5", Html.Percent(evaluation.Top5, 2), "have their class among the five likeliest")
                : null,
            Figure("Loss", Html.Number(evaluation.Loss, 4), $"mean cross-entropy in nats; random guessing gives {uniformLoss}"),
            Figure("Calibration error", Html.Percent(report.Calibration.ExpectedError), "mean difference between confidence and accuracy"));
    }

    private static XElement Figure(string name, string value, string meaning) =>
        new("div", new XElement("dt", name), new XElement("dd", new XAttribute("class", "value"), value), new XElement("dd", meaning));

    private static string ReadStyle()
    {
        using var reader = new StreamReader(typeof(Page).Assembly.GetManifestResourceStream("page.css")!);
        return reader.ReadToEnd();
    }
}
