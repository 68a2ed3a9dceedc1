using System.Globalization;
using System.Xml.Linq;

namespace Fovea.Training;

/// <summary>The page's part on each class.</summary>
internal static class ClassesSection
{
    // More than these fill the page; the weakest say where to look.
    private const int MostClasses = 40, Weakest = 20;

    public static XElement Of(EvaluationReport evaluation)
    {
        const string Meaning = "Precision: of the images that were called this class, the share that are. Recall: of those that are, the share that were called it. F1: their harmonic mean, high "
            + "only where both are. A class of few images has figures that chance may have made.";
        return evaluation.Classes.Count <= MostClasses
            ? Html.Section("classes", "Classes", Meaning, Table("Classes", evaluation.Classes))
            : Html.Section(
                "classes", "Classes", Meaning,
                Table($"The {Weakest} weakest classes", evaluation.Classes.Where(c => c.Support > 0).OrderBy(c => c.F1).Take(Weakest)),
                Html.Details($"All {Html.Number(evaluation.Classes.Count)} classes", Table("All classes", evaluation.Classes)));
    }

    private static XElement Table(string caption, IEnumerable<ClassReport> classes) => Html.Table(
        caption, "numbers", ["Class", "Precision", "Recall", "F1", "Images"],
        classes.Select(c => Html.Row(c.Label, Bar(c.Precision), Bar(c.Recall), Bar(c.F1), Html.Number(c.Support))));

    private static XElement Bar(double share) =>
        new("td", new XAttribute("class", "bar"), new XAttribute("style", string.Create(CultureInfo.InvariantCulture, $"--share:{share * 100:F1}%")), Html.Percent(share));
}
