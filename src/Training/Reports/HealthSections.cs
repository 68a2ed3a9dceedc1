using System.Xml.Linq;
using Fovea.Models.Errors;
using Fovea.Training.DataQuality;

namespace Fovea.Training.Reports;

/// <summary>Creates the sections of pages about the health of a data set, with pictures of the images in the findings.</summary>
/// <param name="images">The images.</param>
/// <param name="health">The results of the checks of these images.</param>
/// <param name="most">The largest number of pictures for each check.</param>
internal sealed class HealthSections(CheckedImages images, DatasetHealth health, int most)
{
    private const string Heading = "Health of the data set";

    /// <summary>Returns the section of a training report about images that were not checked.</summary>
    public static XElement NotChecked() => Html.Section(
        "health", Heading, "Training did not check the images, because a single file holds many of them. The command data check checks "
            + "such images.");

    /// <summary>Returns the section of a training report.</summary>
    /// <exception cref="FoveaException">An image cannot be read any more.</exception>
    public XElement Short() => Html.Section(
        "health", Heading, Verdict(health), Table(), Found.SelectMany(check => Findings(check, isSection: false)));

    /// <summary>Returns the sections of a page about the data set alone.</summary>
    /// <exception cref="FoveaException">An image cannot be read any more.</exception>
    public IEnumerable<XElement> All() =>
    [
        Html.Section("checks", "Checks", "A check without findings found no problem.", Table()),
        .. Found.Select(check => Html.Section(check.Check, check.Title, check.Meaning, Findings(check, isSection: true))),
        Html.Section(
            "classes", "Classes", "The number of readable images of each class.",
            Html.Table(
                "Classes", "numbers", ["Class", "Images"], health.Classes.Select(size => Html.Row(size.Label, Html.Number(size.Count))))),
    ];

    /// <summary>Returns a sentence about all findings.</summary>
    public static string Verdict(DatasetHealth health)
    {
        var of = $"{Html.Count(health.Images, "image", "images")} of {Html.Count(health.Classes.Count, "class", "classes")}";
        string[] found =
        [
            .. health.Checks.Where(check => check.Count > 0).Select(check => $"{Lower(check.Title)} ({Html.Number(check.Count)})"),
        ];
        return found is [] ? $"Nothing suspicious was found in {of}." : $"Found in {of}: {string.Join(", ", found)}.";
    }

    private IEnumerable<CheckResult> Found => health.Checks.Where(check => check.Count > 0);

    private static string Lower(string title) => char.ToLowerInvariant(title[0]) + title[1..];

    private XElement Table() => Html.Table(
        "Checks", "numbers", ["Check", "Findings"], health.Checks.Select(check => Html.Row(
            check.Title,
            check.NotChecked is { } reason && check.Count == 0 ? $"Not checked. {reason}" : Html.Number(check.Count))));

    private IEnumerable<XElement?> Findings(CheckResult check, bool isSection) =>
    [
        isSection ? null : new XElement("h3", check.Title),
        isSection ? null : new XElement("p", new XAttribute("class", "meaning"), check.Meaning),
        check.NotChecked is { } left ? new XElement("p", left) : null,
        check.Count > most ? new XElement("p", $"The first {most} of {Html.Number(check.Count)}:") : null,
        new XElement("ol", new XAttribute("class", "pictures"), check.Findings.Take(most).Select(Finding)),
    ];

    private XElement Finding(HealthFinding finding) => new(
        "li", new XElement(
            "figure",
            finding.Images.Where(image => image.Index is not null).Select(image => new XElement(
                "img",
                new XAttribute("src", InputThumbnail.DataUri(images.All.Image(image.Index!.Value))),
                new XAttribute("alt", Name(image)))),
            new XElement(
                "figcaption",
                new XElement("b", finding.Reason),
                finding.Images.Select(image => new XElement("small", Name(image))))));

    private static string Name(HealthImage image) => image.File;
}
