using Fovea.Training.Evaluations;

namespace Fovea.Training.Reports;

/// <summary>How well a network's confidence agrees with its accuracy (Guo et al., 2017).</summary>
/// <param name="ExpectedError">
/// The expected calibration error, 0 to 1: the mean over the bins, weighted by their images, of the distance between confidence and
/// accuracy.
/// </param>
/// <param name="Bins">Ten bins of equal width, by confidence.</param>
internal sealed record Calibration(double ExpectedError, IReadOnlyList<CalibrationBin> Bins)
{
    private const int Count = 10;

    /// <summary>Computes the calibration of predictions.</summary>
    public static Calibration Of(IReadOnlyList<Outcome> outcomes)
    {
        // A confidence of exactly 1 belongs to the last bin.
        var byBin = outcomes.ToLookup(o => Math.Min(Count - 1, (int)(o.Confidence * Count)));
        var bins = Enumerable.Range(0, Count)
            .Select(i => CalibrationBin.Of(i / (double)Count, (i + 1) / (double)Count, [.. byBin[i]]))
            .ToArray();
        return new(bins.Sum(b => b.Images * Math.Abs(b.Confidence - b.Accuracy)) / outcomes.Count, bins);
    }
}

/// <summary>The predictions with a confidence in one range.</summary>
/// <param name="From">The lower end of the range, 0 to 0.9, inclusive.</param>
/// <param name="To">The upper end of the range, 0.1 to 1, exclusive except for 1.</param>
/// <param name="Images">The number of predictions.</param>
/// <param name="Confidence">The mean confidence of the predictions, 0 to 1; 0 if there are none.</param>
/// <param name="Accuracy">The share of correct predictions, 0 to 1; 0 if there are none.</param>
internal sealed record CalibrationBin(double From, double To, int Images, double Confidence, double Accuracy)
{
    /// <summary>Computes the bin of the given predictions.</summary>
    public static CalibrationBin Of(double from, double to, Outcome[] outcomes) => outcomes.Length == 0
        ? new(from, to, 0, 0, 0)
        : new(from, to, outcomes.Length, outcomes.Average(o => (double)o.Confidence), outcomes.Average(o => o.Right ? 1.0 : 0));
}
