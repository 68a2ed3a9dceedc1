using Fovea.Training.Confidence;

namespace Fovea.Training.DataQuality;

/// <summary>Predictions of images by a classifier that was not trained on them.</summary>
/// <param name="Images">The place of each image in the data set.</param>
/// <param name="Predictions">The prediction for each of them, in the same order.</param>
internal sealed record JudgedLabels(IReadOnlyList<int> Images, HeldOutPredictions Predictions)
{
    /// <summary>Returns these images and others.</summary>
    public JudgedLabels With(JudgedLabels other) => new(
        [.. Images, .. other.Images],
        new(
            [.. Predictions.Logits, .. other.Predictions.Logits],
            [.. Predictions.Targets, .. other.Predictions.Targets],
            Predictions.LabelSets is null ? null : [.. Predictions.LabelSets, .. other.Predictions.LabelSets!]));
}
