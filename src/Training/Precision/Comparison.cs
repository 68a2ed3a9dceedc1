namespace Fovea.Training.Precision;

/// <summary>The answers of a quantised network beside those of the float one.</summary>
/// <param name="Images">The number of images.</param>
/// <param name="Agreement">The share of images with the same answer, 0 to 1: the top class, or all labels from probability 0.5 on.</param>
/// <param name="Divergence">
/// The mean divergence of the probabilities from the float network's, in nats (Kullback and Leibler). It shows damage before answers
/// change.
/// </param>
/// <param name="Accuracy">The share of images classified correctly, 0 to 1; the agreement if classes are not known.</param>
/// <param name="FloatAccuracy">The same of the float network; 1 if classes are not known.</param>
internal sealed record Comparison(int Images, double Agreement, double Divergence, double Accuracy, double FloatAccuracy)
{
    /// <summary>The share of images by which the quantised network is worse, -1 to 1.</summary>
    public double Drop => FloatAccuracy - Accuracy;
}
