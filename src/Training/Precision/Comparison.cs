namespace Fovea.Training.Precision;

/// <summary>The answers of a quantised network, compared with the answers of the float network.</summary>
/// <param name="Images">The number of images.</param>
/// <param name="Agreement">The share of images with the same answer, 0 to 1: the top class, or all labels from probability 0.5 on.</param>
/// <param name="Divergence">
/// The mean divergence of the probabilities from the float network's, in nats (Kullback and Leibler). It shows damage before answers
/// change.
/// </param>
/// <param name="Accuracy">The share of images classified correctly, 0 to 1; the agreement if classes are not known.</param>
/// <param name="FloatAccuracy">The share of images that the float network classifies correctly, 0 to 1; 1 if classes are not known.</param>
internal sealed record Comparison(int Images, double Agreement, double Divergence, double Accuracy, double FloatAccuracy)
{
    /// <summary>The accuracy of the float network minus the accuracy of the quantised network, -1 to 1.</summary>
    public double Drop => FloatAccuracy - Accuracy;
}
