using Fovea.Training.Confidence;

namespace Fovea.Training.DataQuality;

/// <summary>An image whose label may be wrong.</summary>
/// <param name="Image">The image's index among the predictions.</param>
/// <param name="Label">The class or label that may be wrong.</param>
/// <param name="Suggested">The class that the image probably has; for independent labels, <paramref name="Label"/> itself.</param>
/// <param name="IsPresent">Whether the image is labelled with <paramref name="Label"/>; always true if each image has one class.</param>
/// <param name="GivenProbability">The probability that the given label is right, 0 to 1.</param>
/// <param name="Probability">The probability that the suggested correction is right, 0 to 1.</param>
/// <param name="Threshold">
/// The mean probability of the suggested class on the images that have its label: the threshold of confident learning.
/// </param>
internal sealed record LabelDoubt(
    int Image, int Label, int Suggested, bool IsPresent, double GivenProbability, double Probability, double Threshold)
{
    /// <summary>Whether the probability reaches the threshold, so that confident learning calls the label wrong.</summary>
    public bool IsConfident => Probability >= Threshold;

    /// <summary>
    /// Finds the images for which another label is likelier than the given one, the least plausible first. Confident learning (Northcutt,
    /// Jiang and Chuang, 2021) gives the thresholds.
    /// </summary>
    /// <param name="images">Predictions by heads that were not trained on these images.</param>
    public static IReadOnlyList<LabelDoubt> All(HeldOutPredictions images)
    {
        var probabilities = Enumerable.Range(0, images.Logits.Count).Select(image => images.Probabilities(image, 1)).ToArray();
        var found = images.LabelSets is null ? OfClasses(images, probabilities) : OfLabels(images, probabilities);
        return [.. found.OrderBy(doubt => doubt.GivenProbability - doubt.Probability)];
    }

    private static IEnumerable<LabelDoubt> OfClasses(HeldOutPredictions images, double[][] probabilities)
    {
        var thresholds = Enumerable.Range(0, probabilities.Length).GroupBy(image => images.Targets[image])
            .ToDictionary(own => own.Key, own => own.Average(image => probabilities[image][own.Key]));
        foreach (var (image, p) in probabilities.Index())
        {
            int given = images.Targets[image], likeliest = Array.IndexOf(p, p.Max());
            if (likeliest != given && thresholds.TryGetValue(likeliest, out double threshold))
            {
                yield return new(image, given, likeliest, IsPresent: true, p[given], p[likeliest], threshold);
            }
        }
    }

    // Treats each label as a problem with two classes: present and absent.
    private static IEnumerable<LabelDoubt> OfLabels(HeldOutPredictions images, double[][] probabilities)
    {
        for (int label = 0; label < images.Classes; label++)
        {
            int own = label;
            var all = Enumerable.Range(0, probabilities.Length);
            var groups = all.ToLookup(image => images.IsRight(image, own), image => (Image: image, P: probabilities[image][own]));
            if (!groups.Contains(true) || !groups.Contains(false))
            {
                continue;
            }

            double present = groups[true].Average(one => one.P), absent = groups[false].Average(one => 1 - one.P);
            foreach (var (image, p) in groups[true].Where(one => one.P < 0.5))
            {
                yield return new(image, own, own, IsPresent: true, p, 1 - p, absent);
            }

            foreach (var (image, p) in groups[false].Where(one => one.P > 0.5))
            {
                yield return new(image, own, own, IsPresent: false, 1 - p, p, present);
            }
        }
    }
}
