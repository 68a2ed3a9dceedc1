using Fovea.Models.Errors;
using Fovea.Training.Datasets;

namespace Fovea.Training.Evaluations;

/// <summary>A network's loss and accuracy on validation images, by which the best weights are chosen.</summary>
/// <param name="Loss">
/// The mean cross-entropy in nats; for images with several labels, the mean binary cross-entropy over images and labels.
/// </param>
/// <param name="Accuracy">
/// The share of images classified correctly, 0 to 1; for images with several labels, the share whose labels are all right.
/// </param>
/// <param name="Losses">The loss of each image, in the data set's order.</param>
internal sealed record Score(double Loss, double Accuracy, IReadOnlyList<double> Losses)
{
    /// <summary>Runs a network on all images of a data set.</summary>
    /// <param name="forward">The network.</param>
    /// <param name="dataset">The images.</param>
    /// <param name="classes">The number of logits per image.</param>
    /// <param name="stop">Cancels the evaluation.</param>
    /// <exception cref="FoveaException">An image cannot be read any more.</exception>
    public static Score Of(Forward forward, Dataset dataset, int classes, CancellationToken stop)
    {
        if (dataset.LabelSets is not null)
        {
            var several = MultiLabelEvaluation.Of(forward, dataset, dataset.Labels, stop);
            return new(several.Loss, several.Accuracy, several.Losses);
        }

        var one = Evaluation.Of(forward, dataset, classes, stop: stop);
        return new(one.Loss, one.Accuracy, [.. one.Outcomes.Select(o => o.Loss)]);
    }
}
