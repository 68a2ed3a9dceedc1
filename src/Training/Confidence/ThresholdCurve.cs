namespace Fovea.Training.Confidence;

/// <summary>
/// The precision and recall of a class at twenty thresholds. The class is predicted if its probability reaches the threshold.
/// </summary>
/// <param name="Class">The index of the class among the labels.</param>
/// <param name="Points">The points in ascending order of the threshold.</param>
internal sealed record ThresholdCurve(int Class, IReadOnlyList<ThresholdPoint> Points)
{
    private const int Steps = 20, MostClasses = 20;

    /// <summary>
    /// Returns the curves of all classes; none for more than 20 classes, because a reader could not tell so many curves apart.
    /// </summary>
    public static IReadOnlyList<ThresholdCurve> All(HeldOutPredictions images, double temperature)
    {
        if (images.Classes > MostClasses)
        {
            return [];
        }

        var probabilities = Enumerable.Range(0, images.Logits.Count).Select(image => images.Probabilities(image, temperature)).ToArray();
        return [.. Enumerable.Range(0, images.Classes).Select(label => Of(images, probabilities, label))];
    }

    private static ThresholdCurve Of(HeldOutPredictions images, double[][] probabilities, int label)
    {
        var judged = probabilities.Select((p, image) => (Probability: p[label], IsRight: images.IsRight(image, label))).ToArray();
        int all = judged.Count(one => one.IsRight);
        return new(label, [.. Enumerable.Range(0, Steps).Select(step => Point(step / (double)Steps))]);

        ThresholdPoint Point(double threshold)
        {
            var named = judged.Where(one => one.Probability >= threshold).ToArray();
            int right = named.Count(one => one.IsRight);
            return new(threshold, named.Length == 0 ? null : right / (double)named.Length, all == 0 ? null : right / (double)all);
        }
    }
}

/// <summary>The precision and recall of a class at a threshold.</summary>
/// <param name="Threshold">The lowest probability at which the class is predicted, 0 to 0.95.</param>
/// <param name="Precision">
/// The share of correct predictions among the predictions of the class, 0 to 1; null if it is never predicted.
/// </param>
/// <param name="Recall">The share of the class's images that are predicted as the class, 0 to 1; null if the class has no images.</param>
internal sealed record ThresholdPoint(double Threshold, double? Precision, double? Recall);
