using System.Globalization;
using System.Xml.Linq;

namespace Fovea.Training;

/// <summary>The page's part on what is taken for what.</summary>
internal static class ConfusionSection
{
    private const int MostClasses = 20, MostPairs = 20;

    public static XElement Of(EvaluationReport evaluation) => evaluation.Classes.Count <= MostClasses ? Matrix(evaluation) : Pairs(evaluation);

    private static XElement Matrix(EvaluationReport evaluation)
    {
        string[] labels = [.. evaluation.Classes.Select(c => c.Label)];
        return Html.Section(
            "confusion", "Confusion matrix",
            "Each row holds the images of one class, each column what they were taken for. What stands on the diagonal is right; the darker a mistake, the larger its share of the row.",
            Html.Table(
                "Images by true class (row) and predicted class (column)", labels.Max(l => l.Length) > 3 ? "matrix upright" : "matrix", ["", .. labels],
                labels.Index().Select(row => Html.Row(row.Item, evaluation.Confusion[row.Index].Index().Select(c => Cell(c.Item, evaluation.Classes[row.Index].Support, c.Index == row.Index))))));
    }

    private static XElement Cell(int images, int support, bool right)
    {
        if (images == 0)
        {
            return new("td", new XAttribute("class", right ? "zero right" : "zero"), right ? "0" : "·");
        }

        // The root lets a single mistake be seen beside a thousand right answers.
        double share = (double)images / support, strength = right ? share : Math.Sqrt(share);
        return new(
            "td", new XAttribute("class", $"{(right ? "right" : "wrong")}{(strength > 0.6 ? " strong" : "")}"),
            new XAttribute("style", string.Create(CultureInfo.InvariantCulture, $"--strength:{12 + (88 * strength):F0}%")), Html.Number(images));
    }

    private static XElement Pairs(EvaluationReport evaluation)
    {
        var pairs = evaluation.Confusion.Index()
            .SelectMany(row => row.Item.Index().Where(c => c.Index != row.Index && c.Item > 0).Select(c => (True: row.Index, Taken: c.Index, Images: c.Item)))
            .OrderByDescending(p => p.Images).ThenByDescending(p => (double)p.Images / evaluation.Classes[p.True].Support).ToArray();
        string meaning = pairs.Length == 0 ? "No image was taken for one of another class." : $"The classes that are taken for each other most often, of {Html.Count(pairs.Length, "pair", "pairs")} that occur.";
        return Html.Section(
            "confusion", "Most confused classes", meaning,
            pairs.Length == 0 ? null : Html.Table(
                "Most confused classes", "numbers", ["True class", "Taken for", "Images", "Share of the class"],
                pairs.Take(MostPairs).Select(p => Html.Row(
                    evaluation.Classes[p.True].Label, new XElement("td", new XAttribute("class", "name"), evaluation.Classes[p.Taken].Label), Html.Number(p.Images),
                    Html.Percent((double)p.Images / evaluation.Classes[p.True].Support)))));
    }
}
