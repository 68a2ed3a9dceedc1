using Fovea.Training.Confidence;

namespace Fovea.Training.DataQuality;

/// <summary>Predictions for images by a classifier that was not trained on these images.</summary>
/// <param name="Images">The index of each image in the data set.</param>
/// <param name="Predictions">The predictions for the images, in the order of <paramref name="Images"/>.</param>
internal sealed record JudgedLabels(IReadOnlyList<int> Images, HeldOutPredictions Predictions)
{
    /// <summary>Returns the images and predictions of both.</summary>
    public JudgedLabels With(JudgedLabels other) => new(
        [.. Images, .. other.Images],
        new(
            [.. Predictions.Logits, .. other.Predictions.Logits],
            [.. Predictions.Targets, .. other.Predictions.Targets],
            Predictions.LabelSets is null ? null : [.. Predictions.LabelSets, .. other.Predictions.LabelSets!]));
}
