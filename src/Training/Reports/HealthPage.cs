using System.Globalization;
using System.Xml.Linq;
using Fovea.Models.Errors;
using Fovea.Training.DataQuality;

namespace Fovea.Training.Reports;

/// <summary>Writes the health of a data set as one self-contained HTML page, without scripts and without resources to load.</summary>
internal static class HealthPage
{
    // The largest number of pictures for each check. A thumbnail has about 8 KB.
    private const int MostPictures = 100;

    /// <summary>Returns the page's text, which is also well-formed XML.</summary>
    /// <param name="images">The images.</param>
    /// <param name="health">The results of the checks of these images.</param>
    /// <param name="batch">The training images, some of which are shown as the network sees them.</param>
    /// <exception cref="FoveaException">An image cannot be read any more.</exception>
    public static string Of(CheckedImages images, DatasetHealth health, PreviewedBatch batch)
    {
        var sections = new HealthSections(images, health, MostPictures);
        XElement?[] all = [.. sections.All(), BatchPreview.Of(batch)];
        return ReportPage.Document(
            "Data set health",
            health.Dataset,
            HealthSections.Verdict(health),
            "figure img + img { margin-top: .4rem; }\n",
            [.. all.OfType<XElement>()],
            note: "The command data check --json prints the same content as JSON.");
    }

    /// <summary>Returns the findings as text for a terminal: a line for each check, followed by the first findings of the check.</summary>
    /// <param name="health">The results of the checks.</param>
    /// <param name="most">The largest number of findings to list for each check.</param>
    public static string Text(DatasetHealth health, int most)
    {
        var text = new StringWriter(CultureInfo.InvariantCulture);
        text.WriteLine(HealthSections.Verdict(health));
        foreach (var check in health.Checks.Where(check => check.Count > 0 || check.NotChecked is not null))
        {
            text.WriteLine(check.Count == 0 ? $"\n{check.Title}: not checked. {check.NotChecked}" : $"\n{check.Title}: {check.Count}");
            foreach (var finding in check.Findings.Take(most))
            {
                string files = string.Join(", ", finding.Images.Select(image => image.File));
                text.WriteLine(files.Length > 0 ? $"  {files}: {finding.Reason}" : $"  {finding.Reason}");
            }

            if (check.Count > most)
            {
                text.WriteLine($"  and {check.Count - most} more");
            }
        }

        return text.ToString();
    }
}
