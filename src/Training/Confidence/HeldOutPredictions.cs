using Fovea.Models.Runtime;

namespace Fovea.Training.Confidence;

/// <summary>The logits of images that the network was not trained on, with their right answers.</summary>
/// <param name="Logits">The logits of each image, [classes].</param>
/// <param name="Targets">The class of each image.</param>
/// <param name="LabelSets">The labels of each image, if images can have several; otherwise null.</param>
internal sealed record HeldOutPredictions(
    IReadOnlyList<float[]> Logits, IReadOnlyList<int> Targets, IReadOnlyList<IReadOnlyList<int>>? LabelSets = null)
{
    // The least probability in the loss, which keeps its logarithm finite.
    private const double LeastProbability = 1e-15;

    /// <summary>The number of classes or labels.</summary>
    public int Classes => Logits[0].Length;

    /// <summary>Returns the predictions for the images at <paramref name="indices"/>, in that order.</summary>
    public HeldOutPredictions Subset(IReadOnlyList<int> indices) => new(
        [.. indices.Select(i => Logits[i])],
        [.. indices.Select(i => Targets[i])],
        LabelSets is null ? null : [.. indices.Select(i => LabelSets[i])]);

    /// <summary>Returns the probabilities of an image's classes at a temperature.</summary>
    public double[] Probabilities(int image, double temperature)
    {
        var cooled = Array.ConvertAll(Logits[image], logit => (float)(logit / temperature));
        return LabelSets is null ? ProbabilityRule.Softmax(cooled) : Array.ConvertAll(cooled, logit => 1 / (1 + Math.Exp(-logit)));
    }

    /// <summary>Whether a class or label is right for an image.</summary>
    public bool IsRight(int image, int label) => LabelSets is { } sets ? sets[image].Contains(label) : Targets[image] == label;

    /// <summary>
    /// Returns the mean cross-entropy in nats at a temperature, over all images, or over all labels of all images if labels are
    /// independent. The target of the right answer is (n + 1) / (n + 2) for n images, and not 1: a few images that are all classified
    /// correctly do not prove certainty (Platt, "Probabilistic Outputs for Support Vector Machines", 1999).
    /// </summary>
    /// <param name="temperature">The temperature, by which the logits are divided.</param>
    /// <param name="count">The number n of images; <c>null</c> for the number of these images.</param>
    public double Loss(double temperature, int? count = null)
    {
        double doubt = 1.0 / ((count ?? Logits.Count) + 2);
        return Enumerable.Range(0, Logits.Count).Average(image =>
        {
            var probabilities = Probabilities(image, temperature);
            return LabelSets is null
                ? probabilities.Index().Sum(p => Loss(p.Item, IsRight(image, p.Index) ? 1 - doubt : doubt / Math.Max(1, Classes - 1)))
                : probabilities.Index().Average(p => IsRight(image, p.Index)
                    ? Loss(p.Item, 1 - doubt) + Loss(1 - p.Item, doubt)
                    : Loss(p.Item, doubt) + Loss(1 - p.Item, 1 - doubt));
        });
    }

    /// <summary>
    /// Returns the expected calibration error at a temperature (Guo et al., 2017), 0 to 1, over 15 bins. The error judges the likeliest
    /// class of each image, or every label of each image if labels are independent.
    /// </summary>
    public double CalibrationError(double temperature)
    {
        const int Bins = 15;
        var judged = Enumerable.Range(0, Logits.Count).SelectMany(image => Confidences(image, temperature)).ToArray();
        return judged.GroupBy(one => Math.Min(Bins - 1, (int)(one.Confidence * Bins))).Sum(bin =>
            Math.Abs(bin.Sum(one => one.Confidence - (one.IsRight ? 1 : 0)))) / judged.Length;
    }

    private static double Loss(double probability, double share) => -share * Math.Log(Math.Max(probability, LeastProbability));

    private IEnumerable<(double Confidence, bool IsRight)> Confidences(int image, double temperature)
    {
        var probabilities = Probabilities(image, temperature);
        if (LabelSets is not null)
        {
            return probabilities.Select((p, label) => (Math.Max(p, 1 - p), p >= 0.5 == IsRight(image, label)));
        }

        int likeliest = Array.IndexOf(probabilities, probabilities.Max());
        return [(probabilities[likeliest], IsRight(image, likeliest))];
    }
}
