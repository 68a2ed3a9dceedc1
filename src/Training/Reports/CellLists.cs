using System.Xml.Linq;

namespace Fovea.Training.Reports;

/// <summary>
/// The lists of the images of a confusion matrix. The style sheet hides each list until the reader follows the link of the list's number,
/// so no script is needed.
/// </summary>
/// <param name="cells">The cells that have images.</param>
internal sealed class CellLists(IReadOnlyList<ConfusionCell> cells)
{
    private readonly Dictionary<(string, string), string> ids =
        cells.Index().ToDictionary(cell => (cell.Item.Label, cell.Item.Predicted), cell => $"images-{cell.Index}");

    /// <summary>The sentence about the links, with a space before it; empty if there are no links.</summary>
    public string Hint => cells.Count == 0 ? "" : " A number links to a list of its images.";

    /// <summary>Returns the number of a cell, as a link if there is a list of its images.</summary>
    /// <param name="label">The true class.</param>
    /// <param name="predicted">The predicted class.</param>
    /// <param name="number">The number of images, as text.</param>
    public object Linked(string label, string predicted, string number) =>
        ids.TryGetValue((label, predicted), out var id)
            ? new XElement(
                "a",
                new XAttribute("href", $"#{id}"),
                new XAttribute("aria-label", $"{number}: {label} predicted as {predicted}"),
                number)
            : number;

    /// <summary>Returns the lists of some cells.</summary>
    public IEnumerable<XElement> Elements(Func<ConfusionCell, bool> isShown) => cells.Where(isShown).Select(cell => new XElement(
        "div",
        new XAttribute("class", "cell"),
        new XAttribute("id", ids[(cell.Label, cell.Predicted)]),
        new XElement("h3", Heading(cell)),
        new XElement("ul", cell.Images.Select(image => new XElement("li", Html.Linked(image.Link, image.Image))))));

    private static string Heading(ConfusionCell cell)
    {
        var some = cell.Images.Count < cell.Count ? $", the {cell.Images.Count} with the highest loss" : "";
        return $"{Html.Count(cell.Count, "image", "images")} of {cell.Label} predicted as {cell.Predicted}{some}";
    }
}
