using System.Globalization;
using System.Xml.Linq;
using Fovea.Models.Graphs;
using Fovea.Training.Evaluations;

namespace Fovea.Training.Reports;

/// <summary>
/// The section of the page that shows which classes are confused: the confusion matrix, or the most confused pairs of many classes. Each
/// number links to a list of its images.
/// </summary>
internal static class ConfusionSection
{
    private const int MaximumMatrixClasses = 20, MaximumPairs = 20;

    /// <summary>Returns the section.</summary>
    /// <param name="evaluation">The metrics.</param>
    /// <param name="cells">The images of the cells; empty if there are no links to images.</param>
    public static XElement Of(EvaluationReport evaluation, IReadOnlyList<ConfusionCell> cells)
    {
        var lists = new CellLists(cells);
        return evaluation.Classes.Count <= MaximumMatrixClasses ? Matrix(evaluation, lists) : Pairs(evaluation, lists);
    }

    private static XElement Matrix(EvaluationReport evaluation, CellLists lists)
    {
        string[] labels = [.. evaluation.Classes.Select(c => c.Label)];
        return Html.Section(
            "confusion", "Confusion matrix",
            "Each row holds the images of one class, each column the images predicted as one class. The predictions on the diagonal are "
            + $"correct. The darker a mistake, the larger its share of the row.{lists.Hint}",
            Html.Table(
                "Images by true class (row) and predicted class (column)",
                labels.Max(l => l.Length) > 3 ? "matrix upright" : "matrix",
                ["", .. labels],
                labels.Index().Select(row => Html.Row(row.Item, Cells(evaluation, row.Index, lists)))),
            lists.Elements(_ => true));
    }

    private static IEnumerable<XElement> Cells(EvaluationReport evaluation, int row, CellLists lists)
    {
        var actual = evaluation.Classes[row];
        return evaluation.Confusion[row].Index().Select(c => Cell(
            c.Item, actual.Support, c.Index == row, lists.Linked(actual.Label, evaluation.Classes[c.Index].Label, Html.Number(c.Item))));
    }

    private static XElement Cell(int images, int support, bool right, object number)
    {
        if (images == 0)
        {
            return new("td", new XAttribute("class", right ? "zero right" : "zero"), right ? "0" : "·");
        }

        // The colour of a mistake depends on the square root of its share, so that one mistake is visible beside a thousand correct
        // predictions.
        double share = (double)images / support, strength = right ? share : Math.Sqrt(share);
        return new(
            "td", new XAttribute("class", $"{(right ? "right" : "wrong")}{(strength > 0.6 ? " strong" : "")}"),
            new XAttribute("style", string.Create(CultureInfo.InvariantCulture, $"--strength:{12 + (88 * strength):F0}%")),
            number);
    }

    private static XElement Pairs(EvaluationReport evaluation, CellLists lists)
    {
        var pairs = (
            from row in evaluation.Confusion.Index()
            from column in row.Item.Index()
            where column.Index != row.Index && column.Item > 0
            let actual = evaluation.Classes[row.Index]
            let share = (double)column.Item / actual.Support
            orderby column.Item descending, share descending
            select (True: actual.Label, Predicted: evaluation.Classes[column.Index].Label, Images: column.Item, Share: share))
            .ToArray();
        var shown = pairs.Take(MaximumPairs).ToArray();
        string meaning = pairs.Length == 0
            ? "Every image was predicted correctly."
            : $"The most frequent mistakes by true and predicted class, out of {Html.Count(pairs.Length, "pair", "pairs")} with mistakes."
                + lists.Hint;
        return Html.Section(
            "confusion", "Most confused classes", meaning,
            pairs.Length == 0 ? null : Html.Table(
                "Most confused classes", "numbers", ["True class", "Predicted class", "Images", "Share of the class"],
                shown.Select(p => Html.Row(
                    p.True, Name(p.Predicted), lists.Linked(p.True, p.Predicted, Html.Number(p.Images)), Html.Percent(p.Share)))),
            lists.Elements(cell => shown.Any(p => p.True == cell.Label && p.Predicted == cell.Predicted)));
    }

    private static XElement Name(string label) => new("td", new XAttribute("class", "name"), label);
}
