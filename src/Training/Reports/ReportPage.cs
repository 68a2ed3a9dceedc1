using System.Xml.Linq;
using Fovea.Models.TrainingEvents;

namespace Fovea.Training.Reports;

/// <summary>Writes a report as one self-contained HTML page, without scripts and without resources to load.</summary>
internal static class ReportPage
{
    // Allows inline styles and data: images, and forbids every request.
    private const string ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

    private static readonly string Style = ReadStyle();

    /// <summary>Returns the page's text, which is also well-formed XML.</summary>
    /// <param name="report">The report.</param>
    /// <param name="data">The sections about the images of the run; null for none.</param>
    public static string Of(TrainingReport report, IReadOnlyList<XElement>? data = null)
    {
        var p = report.Provenance;
        XElement?[] sections =
        [
            Curves(report.Epochs, report.Penalties, p),
            ConfusionSection.Of(report.Evaluation, report.Cells),
            ClassesSection.Of(report.Evaluation),
            CalibrationSection.Of(report.Calibration, report.Fitted),
            ThresholdsSection.Of(report.Thresholds, [.. report.Evaluation.Classes.Select(c => c.Label)]),
            MistakesSection.Of(report.Mistakes, report.Wrong),
            .. data ?? [],
            ProvenanceSection.Of(p),
        ];
        return Document(p, Verdict(report), Figures(report), sections);
    }

    /// <summary>Returns the text of the page about a network that gives several labels, which is also well-formed XML.</summary>
    /// <param name="report">The report.</param>
    /// <param name="data">The sections about the images of the run; null for none.</param>
    public static string Of(MultiLabelReport report, IReadOnlyList<XElement>? data = null)
    {
        var p = report.Provenance;
        XElement?[] sections =
        [
            Curves(report.Epochs, report.Penalties, p),
            LabelsSection.Of(report.Evaluation),
            ThresholdsSection.Of(report.Thresholds, [.. report.Evaluation.Classes.Select(label => label.Label)]),
            .. data ?? [],
            ProvenanceSection.Of(p),
        ];
        return Document(p, LabelsSection.Verdict(report), LabelsSection.Figures(report.Evaluation), sections);
    }

    public static XElement Figure(string name, string value, string meaning) =>
        new("div", new XElement("dt", name), new XElement("dd", new XAttribute("class", "value"), value), new XElement("dd", meaning));

    private static XElement Curves(IReadOnlyList<EpochDone> epochs, IReadOnlyList<PenaltyTried> penalties, Provenance p) =>
        epochs.Count > 0 ? LearningCurves.Of(epochs, p.Training?.BestEpoch) : PenaltyCurve.Of(penalties);

    /// <summary>Returns the text of a page, which is also well-formed XML.</summary>
    /// <param name="kind">The kind of page, such as "Training report".</param>
    /// <param name="title">The heading.</param>
    /// <param name="verdict">The sentences below the heading.</param>
    /// <param name="style">Rules that the page adds to the common style sheet.</param>
    /// <param name="sections">The sections, as <see cref="Html.Section"/> creates them.</param>
    /// <param name="figures">The figures above the sections; null for none.</param>
    /// <param name="note">A sentence at the foot of the page.</param>
    public static string Document(
        string kind,
        string title,
        string verdict,
        string style,
        IReadOnlyList<XElement> sections,
        XElement? figures = null,
        string note = "")
    {
        string version = InstalledVersions.Now.Fovea;
        return Html.ToText(new XElement(
            "html", new XAttribute("lang", "en"),
            new XElement(
                "head", new XElement("meta", new XAttribute("charset", "utf-8")),
                Meta("name", "viewport", "width=device-width, initial-scale=1"),
                Meta("name", "generator", $"Fovea {version}"),
                Meta("http-equiv", "Content-Security-Policy", ContentSecurityPolicy),
                new XElement("title", $"{title} – {kind.ToLowerInvariant()}"),
                new XElement("style", Style + style)),
            new XElement(
                "body",
                Header(kind, title, verdict, figures),
                new XElement("nav", new XAttribute("aria-label", "Sections of the page"), sections.Select(Link)),
                new XElement("main", sections),
                new XElement("footer", $"Written by Fovea {version}. {note}".TrimEnd()))));
    }

    private static string Document(Provenance p, string verdict, XElement figures, XElement?[] sections) => Document(
        "Training report",
        $"{p.Model}{(p.Training?.Dataset is { } dataset ? $" on {dataset}" : "")}",
        verdict,
        "",
        [.. sections.OfType<XElement>()],
        figures,
        $"ML.NET's evaluator computed the metrics. {Path.GetFileName(Report.JsonOf(p.File))} has the same content as JSON.");

    private static XElement Header(string kind, string title, string verdict, XElement? figures) => new(
        "header",
        new XElement("p", new XAttribute("class", "kind"), kind),
        new XElement("h1", title),
        new XElement("p", verdict),
        figures);

    private static XElement Link(XElement section) =>
        new("a", new XAttribute("href", $"#{section.Attribute("id")!.Value}"), section.Element("h2")!.Value);

    private static XElement Meta(string kind, string name, string content) =>
        new("meta", new XAttribute(kind, name), new XAttribute("content", content));

    private static string Verdict(TrainingReport report)
    {
        string correct = Html.Number(report.Images - report.Wrong);
        string images = Html.Count(report.Images, "validation image", "validation images");
        return $"The network classifies {correct} of {images} correctly. {ValidationCaveat(report.Epochs.Count > 0)} The evaluate command measures "
            + "the accuracy on test images.";
    }

    /// <summary>Returns a sentence that says how far the validation images can be trusted.</summary>
    /// <param name="hasEpochs">Whether the validation images chose among epochs. A head is chosen by cross-validation.</param>
    public static string ValidationCaveat(bool hasEpochs) => hasEpochs
        ? "It was not trained on these images, but they decided which weights were saved, so the figures for new images are usually a "
            + "little lower."
        : "It was not trained on these images.";

    private static XElement Figures(TrainingReport report)
    {
        var evaluation = report.Evaluation;
        string uniformLoss = Html.Number(Math.Log(evaluation.Classes.Count), 2);
        return new(
            "dl", new XAttribute("class", "figures"),
            Figure("Accuracy", Html.Percent(evaluation.Accuracy, 2), "of the images are classified correctly"),
            Figure("Mean class accuracy", Html.Percent(report.MacroAccuracy, 2), "each class counts the same, however many images it has"),
            evaluation.Top5 is { } top5
                ? Figure("Top 5", Html.Percent(top5, 2), "have their class among the five likeliest")
                : null,
            Figure("Loss", Html.Number(evaluation.Loss, 4), $"mean cross-entropy in nats; random guessing gives {uniformLoss}"),
            Figure("Calibration error", Html.Percent(report.Calibration.ExpectedError), "mean difference between confidence and accuracy"));
    }

    private static string ReadStyle()
    {
        using var reader = new StreamReader(typeof(ReportPage).Assembly.GetManifestResourceStream("page.css")!);
        return reader.ReadToEnd();
    }
}
