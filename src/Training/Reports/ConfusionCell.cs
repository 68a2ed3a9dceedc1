using Fovea.Training.Evaluations;

namespace Fovea.Training.Reports;

/// <summary>The images of one true class that were predicted as one class: a cell of the confusion matrix.</summary>
/// <param name="Label">The true class.</param>
/// <param name="Predicted">The predicted class.</param>
/// <param name="Count">The number of images.</param>
/// <param name="Images">The images with the highest loss, at most 24, in descending order of the loss.</param>
internal sealed record ConfusionCell(string Label, string Predicted, int Count, IReadOnlyList<LinkedImage> Images)
{
    private const int MaximumImages = 24;

    /// <summary>Returns the cells of a confusion matrix that have images. Empty if no link leads to an image.</summary>
    /// <param name="outcomes">The predictions, in the data set's order.</param>
    /// <param name="labels">The class names, indexed by class.</param>
    /// <param name="links">The links to the images.</param>
    /// <param name="name">Returns the name of an image.</param>
    public static IReadOnlyList<ConfusionCell> Of(
        IReadOnlyList<Outcome> outcomes, IReadOnlyList<string> labels, ImageLinks links, Func<int, string> name)
    {
        if (outcomes.Count == 0 || links.To(0) is null)
        {
            return [];
        }

        return
        [
            .. outcomes.Index().GroupBy(o => (o.Item.Target, o.Item.Predicted)).OrderBy(cell => cell.Key).Select(cell => new ConfusionCell(
                labels[cell.Key.Target],
                labels[cell.Key.Predicted],
                cell.Count(),
                [
                    .. cell.OrderByDescending(o => o.Item.Loss).Take(MaximumImages)
                        .Select(o => new LinkedImage(name(o.Index), links.To(o.Index)!)),
                ])),
        ];
    }
}

/// <summary>An image with a link to it.</summary>
/// <param name="Image">The image's file with its class folder.</param>
/// <param name="Link">The link, as <see cref="ImageLinks.To"/> returns it.</param>
internal sealed record LinkedImage(string Image, string Link);
