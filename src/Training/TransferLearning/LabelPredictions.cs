using Fovea.Models.Errors;
using Fovea.Models.Runtime;
using Fovea.Training.DataQuality;
using Fovea.Training.Datasets;
using Fovea.Training.Features;

namespace Fovea.Training.TransferLearning;

/// <summary>
/// Predicts the labels of images by linear heads that were not trained on these images, from the features of a frozen network.
/// </summary>
internal static class LabelPredictions
{
    // The largest number of images that are judged, since features of more images would take long. The images are evenly spaced.
    private const int MostImages = 5_000;

    private const int LeastImages = 10;

    /// <summary>The number of images of a data set whose labels are judged; 0 if the data set is too small.</summary>
    public static int CountOf(Dataset images) =>
        images.Count < LeastImages || (images.LabelSets is null && images.Targets.Distinct().Count() < 2) ? 0
        : Math.Min(MostImages, images.Count);

    /// <summary>Computes the features of images and predicts each image's labels by cross-validation, in two rounds.</summary>
    /// <param name="model">The network.</param>
    /// <param name="images">The images, with the network's preprocessing.</param>
    /// <param name="device">The device that runs the network.</param>
    /// <param name="done">Receives the number of images of each run.</param>
    /// <param name="stop">Cancels the work.</param>
    /// <returns>The predictions; null if there are too few images or classes.</returns>
    /// <exception cref="FoveaException">An image cannot be read any more.</exception>
    public static JudgedLabels? Of(BaseModel model, Dataset images, Device device, Action<int> done, CancellationToken stop)
    {
        if (CountOf(images) is not (> 0 and var count))
        {
            return null;
        }

        int[] chosen = [.. Enumerable.Range(0, count).Select(i => (int)((long)i * images.Count / count))];
        using var extractor = new FeatureExtractor(model.Head.Backbone(images.Preprocessing.Shape), model.Head.FeatureCount, device);
        var features = extractor.Read(images.Subset(chosen), done, stop);
        return new(chosen, HeadSearch.OutOfFold(features, images.Labels.Count, stop));
    }
}
