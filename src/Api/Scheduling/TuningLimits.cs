namespace Fovea.Api.Scheduling;

/// <summary>Limits of trials, from a model and the settings.</summary>
/// <param name="MaxBatch">The most images of a run, at least 1.</param>
/// <param name="FixedBatch">The one batch size that the file takes; null where it takes any.</param>
/// <param name="SparesMemory">Whether a larger batch must gain more, because memory counts for a large file.</param>
internal sealed record TuningLimits(int MaxBatch, int? FixedBatch, bool SparesMemory)
{
    /// <summary>The least gain for which the rewritten graph is used; less is noise, and rewriting takes memory.</summary>
    public const double RewrittenGain = 1.05;

    /// <summary>
    /// The least gain for which the quantised twin is used. Its answers are a little worse, which noise in the measurement is not worth.
    /// </summary>
    public const double QuantizedGain = 1.15;

    /// <summary>The least gain for a lone image for which runs are spread; less is not worth a session of its own.</summary>
    public const double SpreadGain = 1.1;

    /// <summary>The least gain of a larger batch over every smaller one; less is noise.</summary>
    public double BatchGain => SparesMemory ? 1.05 : 1.01;

    /// <summary>The smallest size of a run.</summary>
    public int FirstSize => FixedBatch ?? 1;

    /// <summary>
    /// The size to try after some that were tried, each of which took so many seconds an image; null where no larger one is worth a try.
    /// </summary>
    /// <param name="tried">Sizes in ascending order, at least one, and seconds an image.</param>
    public int? SizeAfter(IReadOnlyList<(int Size, double SecondsPerImage)> tried)
    {
        var (last, seconds) = tried[^1];
        int best = tried.MinBy(size => size.SecondsPerImage).Size;
        int next = 2 * last;

        // Two doublings without a gain: larger batches gain no more.
        bool gainsNoMore = best * 4 <= last;
        return FixedBatch is not null || gainsNoMore || next > MaxBatch || next * seconds > SchedulingPolicy.LongestRun ? null : next;
    }
}
