using System.Globalization;
using System.Xml.Linq;
using Fovea.Models.Graphs;
using Fovea.Training.Evaluations;

namespace Fovea.Training.Reports;

/// <summary>The section of the page with the metrics of each class.</summary>
internal static class ClassesSection
{
    // With more classes than this, the page first lists the classes with the lowest F1, and the full table must be opened.
    private const int MaximumClasses = 40, Weakest = 20;

    public static XElement Of(EvaluationReport evaluation)
    {
        const string Meaning = "Precision is the share of the images predicted as this class that belong to it. Recall is the share of "
            + "the images of this class that are predicted as it. F1 is the harmonic mean of the two: it is high only if both are high. "
            + "The metrics of a class with few images depend strongly on chance.";
        return evaluation.Classes.Count <= MaximumClasses
            ? Html.Section("classes", "Classes", Meaning, Table("Classes", evaluation.Classes))
            : Html.Section(
                "classes", "Classes", Meaning,
                Table($"The {Weakest} weakest classes", evaluation.Classes.Where(c => c.Support > 0).OrderBy(c => c.F1).Take(Weakest)),
                Html.Details($"All {Html.Number(evaluation.Classes.Count)} classes", Table("All classes", evaluation.Classes)));
    }

    private static XElement Table(string caption, IEnumerable<ClassReport> classes) => Html.Table(
        caption, "numbers", ["Class", "Precision", "Recall", "F1", "Images"],
        classes.Select(c => Html.Row(c.Label, Bar(c.Precision), Bar(c.Recall), Bar(c.F1), Html.Number(c.Support))));

    private static XElement Bar(double share)
    {
        string style = string.Create(CultureInfo.InvariantCulture, $"--share:{share * 100:F1}%");
        return new("td", new XAttribute("class", "bar"), new XAttribute("style", style), Html.Percent(share));
    }
}
