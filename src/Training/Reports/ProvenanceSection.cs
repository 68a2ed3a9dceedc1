using System.Globalization;
using System.Xml.Linq;

namespace Fovea.Training;

/// <summary>The page's part on what the file is and where it comes from.</summary>
internal static class ProvenanceSection
{
    public static XElement Of(Provenance p)
    {
        (string Name, string? Value)[] facts =
        [
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
            "provenance", "Provenance", "What it takes to train this file again: on the same machine, the same data set, settings and versions give the same bytes.",
            Facts("The file", facts.Where(f => f.Value is not null).Select(f => (f.Name, f.Value!))),
            Facts("Settings", p.Settings.Select(s => (s.Key, s.Value.Length == 0 ? "none" : s.Value))),
            Facts("Versions", p.Versions.Select(v => (v.Key, v.Value))),
            p.Refused.Count == 0 ? new XElement("p", "No file of the data set was left out.") : Refused(p.Refused));
    }

    private static XElement Facts(string caption, IEnumerable<(string Name, string Value)> facts) =>
        Html.Table(caption, "facts", [], facts.Select(f => Html.Row(f.Name, f.Value)));

    private static XElement Refused(IReadOnlyList<RefusedFile> files) =>
        Html.Table($"{Html.Count(files.Count, "file that was", "files that were")} left out", "facts", ["File", "Reason"], files.Select(f => Html.Row(f.File, f.Reason)));

    private static string Duration(double seconds) => seconds < 60
        ? $"{Html.Number(seconds, 1)} s"
        : TimeSpan.FromSeconds(seconds) is { TotalHours: >= 1 } long_ ? $"{Html.Number((int)long_.TotalHours)} h {long_.Minutes} min" : $"{(int)seconds / 60} min {(int)seconds % 60} s";
}
