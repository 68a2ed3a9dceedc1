namespace Fovea.Training.Evaluations;

/// <summary>The metrics of one label. A metric whose denominator is 0 is 0.</summary>
/// <param name="Label">The label.</param>
/// <param name="Precision">Among the images in which the label is found, the share that have the label, 0 to 1.</param>
/// <param name="Recall">Among the images that have the label, the share in which the label is found, 0 to 1.</param>
/// <param name="F1">The harmonic mean of precision and recall, 0 to 1.</param>
/// <param name="AveragePrecision">
/// The mean precision over the images with the label, each at the threshold of its own probability, 0 to 1. It does not depend on a
/// threshold.
/// </param>
/// <param name="Support">The number of images with the label.</param>
internal sealed record LabelMetrics(string Label, double Precision, double Recall, double F1, double AveragePrecision, int Support)
{
    /// <summary>Computes the metrics of a label.</summary>
    /// <param name="label">The label.</param>
    /// <param name="images">For each image the probability, whether the label is found, and whether the image has it.</param>
    public static LabelMetrics Of(string label, IReadOnlyList<(double Probability, bool IsFound, bool IsThere)> images)
    {
        int right = images.Count(i => i.IsFound && i.IsThere), found = images.Count(i => i.IsFound), support = images.Count(i => i.IsThere);
        return new(
            label,
            Share(right, found),
            Share(right, support),
            Share(2.0 * right, found + support),
            AveragePrecisionOf(images, support),
            support);
    }

    // The sum over thresholds of the precision times the gain of recall. Images of equal probability share a threshold.
    private static double AveragePrecisionOf(IEnumerable<(double Probability, bool IsFound, bool IsThere)> images, int support)
    {
        int seen = 0, right = 0;
        double sum = 0;
        foreach (var tied in images.GroupBy(i => i.Probability).OrderByDescending(group => group.Key))
        {
            int gained = tied.Count(i => i.IsThere);
            (seen, right) = (seen + tied.Count(), right + gained);
            sum += (double)right / seen * gained;
        }

        return Share(sum, support);
    }

    private static double Share(double part, int whole) => whole == 0 ? 0 : part / whole;
}
