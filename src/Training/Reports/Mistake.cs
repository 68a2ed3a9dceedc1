using System.Text.Json.Serialization;
using Fovea.Models.Errors;
using Fovea.Models.Explanations;
using Fovea.Models.Graphs;
using Fovea.Training.Datasets;
using Fovea.Training.Evaluations;

namespace Fovea.Training.Reports;

/// <summary>An image whose prediction is wrong.</summary>
/// <param name="Image">The image's file with its class folder, or its position within a file of many images.</param>
/// <param name="Label">The true class.</param>
/// <param name="Predicted">The predicted class.</param>
/// <param name="Probability">The probability of the predicted class, 0 to 1.</param>
/// <param name="LabelProbability">The probability of the true class, 0 to 1.</param>
/// <param name="Loss">The cross-entropy in nats.</param>
/// <param name="Picture">The preprocessed image as a data URI.</param>
/// <param name="HeatMap">
/// The same image with the heat map of the predicted class over it, as a data URI; null if the network cannot be explained by gradients.
/// </param>
/// <param name="Link">The link to the image; null, and left out of the JSON, for an image within a file of many.</param>
internal sealed record Mistake(
    string Image,
    string Label,
    string Predicted,
    double Probability,
    double LabelProbability,
    double Loss,
    string Picture,
    string? HeatMap = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Link = null)
{
    /// <summary>The largest number of mistakes that a report shows.</summary>
    public const int MaximumCount = 24;

    /// <summary>
    /// Returns the last folder and the name of a file. This is enough to find the file in the data set, and does not disclose the data
    /// set's location.
    /// </summary>
    public static string ShortPath(string path) => Path.Join(Path.GetFileName(Path.GetDirectoryName(path)), Path.GetFileName(path));

    /// <summary>Returns the mistakes with the highest loss, at most 24, in descending order of the loss.</summary>
    /// <param name="outcomes">The predictions, in the data set's order.</param>
    /// <param name="dataset">The images.</param>
    /// <param name="labels">The class names, indexed by class.</param>
    /// <param name="links">The links to the images.</param>
    /// <param name="explainer">Draws the heat maps; null for none.</param>
    /// <exception cref="FoveaException">An image cannot be read any more.</exception>
    public static IReadOnlyList<Mistake> Worst(
        IReadOnlyList<Outcome> outcomes,
        Dataset dataset,
        IReadOnlyList<string> labels,
        ImageLinks links,
        Explainer? explainer = null)
    {
        var tensor = new float[dataset.Preprocessing.Shape.Size];
        return [.. outcomes.Index().Where(o => !o.Item.Right).OrderByDescending(o => o.Item.Loss).Take(MaximumCount).Select(Show)];

        Mistake Show((int Index, Outcome Item) wrong)
        {
            var (index, o) = wrong;
            dataset.Read(index, tensor);
            return new(
                ShortPath(dataset.Source(index)),
                labels[o.Target],
                labels[o.Predicted],
                o.Confidence,
                o.Probabilities[o.Target],
                o.Loss,
                InputThumbnail.DataUri(tensor, dataset.Preprocessing),
                HeatMapOf(o.Predicted),
                links.To(index));
        }

        string? HeatMapOf(int predicted)
        {
            try
            {
                return explainer?.Explain(tensor, new() { Class = predicted }) is { } found
                    ? InputThumbnail.DataUri(tensor, dataset.Preprocessing, found.Map)
                    : null;
            }
            catch (FoveaException e) when (e.Code == ErrorCode.BadModelFile)
            {
                // The network has no feature map, or an operator after the feature map has no gradient. This holds for every image, so no
                // further image is explained.
                explainer = null;
                return null;
            }
        }
    }
}
