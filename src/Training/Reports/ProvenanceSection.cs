using System.Globalization;
using System.Xml.Linq;
using Fovea.Models.Graphs;
using Fovea.Training.Datasets;

namespace Fovea.Training.Reports;

/// <summary>The section of the page with the file's origin: data, settings and versions.</summary>
internal static class ProvenanceSection
{
    public static XElement Of(Provenance p)
    {
        (string Name, string? Value)[] facts =
        [
            ("Model", p.Model),
            ("File", p.File),
            ("SHA-256", p.Sha256),
            ("Network", p.Architecture),
            ("Trained from", p.Base ?? "random weights"),
            ("Data set", p.Training?.Dataset),
            ("SHA-256 of its training images", p.Training?.DatasetHash),
            ("Training images", p.Training?.Images is { } images ? Html.Number(images) : null),
            ("Validation images", p.Training?.ValidationImages is { } validation ? Html.Number(validation) : null),
            ("Finished", p.Finished.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture)),
            ("Training took", Duration(p.Seconds)),
        ];
        return Html.Section(
            "provenance", "Provenance",
            "The information that is needed to train this file again. The same data set, settings and versions on the same machine give "
            + "the same bytes.",
            Facts("The file", facts.Where(f => f.Value is not null).Select(f => (f.Name, f.Value!))),
            Facts("Settings", p.Settings.ByName().Select(s => (s.Key, s.Value.Length == 0 ? "none" : s.Value))),
            Facts("Versions", p.Versions.Facts()),
            p.Refused.Count == 0 ? new XElement("p", "No file of the data set was left out.") : Refused(p.Refused));
    }

    private static XElement Facts(string caption, IEnumerable<(string Name, string Value)> facts) =>
        Html.Table(caption, "facts", [], facts.Select(f => Html.Row(f.Name, f.Value)));

    private static XElement Refused(IReadOnlyList<SkippedFile> files) =>
        Html.Table(
            $"{Html.Count(files.Count, "file that was", "files that were")} left out", "facts", ["File", "Reason"],
            files.Select(f => Html.Row(f.File, f.Reason)));

    private static string Duration(double seconds) => TimeSpan.FromSeconds(seconds) switch
    {
        { TotalMinutes: < 1 } => $"{Html.Number(seconds, 1)} s",
        { TotalHours: >= 1 } hours => $"{Html.Number((int)hours.TotalHours)} h {hours.Minutes} min",
        _ => $"{(int)seconds / 60} min {(int)seconds % 60} s",
    };
}
