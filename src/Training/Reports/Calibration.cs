namespace Fovea.Training;

/// <summary>Whether a network is as often right as it is sure (Guo et al., 2017).</summary>
/// <param name="ExpectedError">
/// The expected calibration error, 0 to 1: the mean distance between how sure the network was and how often it was right, over the bins, weighed by
/// their images.
/// </param>
/// <param name="Bins">Ten, by confidence, of equal width.</param>
internal sealed record Calibration(double ExpectedError, IReadOnlyList<CalibrationBin> Bins)
{
    private const int Count = 10;

    /// <summary>The calibration of outcomes.</summary>
    public static Calibration Of(IReadOnlyList<Outcome> outcomes)
    {
        // A confidence of exactly 1 belongs to the last bin.
        var byBin = outcomes.ToLookup(o => Math.Min(Count - 1, (int)(o.Confidence * Count)));
        var bins = Enumerable.Range(0, Count).Select(i => CalibrationBin.Of(i / (double)Count, (i + 1) / (double)Count, [.. byBin[i]])).ToArray();
        return new(bins.Sum(b => b.Images * Math.Abs(b.Confidence - b.Accuracy)) / outcomes.Count, bins);
    }
}

/// <summary>Images about which a network was equally sure.</summary>
/// <param name="From">The lowest confidence, 0 to 1.</param>
/// <param name="To">The highest.</param>
/// <param name="Images">How many there were.</param>
/// <param name="Confidence">Their mean confidence; 0 where there were none.</param>
/// <param name="Accuracy">The share of them classified rightly; 0 where there were none.</param>
internal sealed record CalibrationBin(double From, double To, int Images, double Confidence, double Accuracy)
{
    public static CalibrationBin Of(double from, double to, Outcome[] outcomes) => outcomes.Length == 0
        ? new(from, to, 0, 0, 0)
        : new(from, to, outcomes.Length, outcomes.Average(o => (double)o.Confidence), outcomes.Average(o => o.Right ? 1.0 : 0));
}
