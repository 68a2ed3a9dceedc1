namespace Fovea.Api.Scheduling;

/// <summary>The limits of tuning for one model, from its file and the settings.</summary>
/// <param name="MaxBatch">The largest number of images in a run, at least 1.</param>
/// <param name="FixedBatch">The only batch size that the file accepts; null: it accepts any.</param>
/// <param name="SparesMemory">
/// Whether larger batches, which take more memory, are chosen only for a larger gain. True for large files.
/// </param>
internal sealed record TuningLimits(int MaxBatch, int? FixedBatch, bool SparesMemory)
{
    /// <summary>
    /// The rewritten graph is used if it runs at least this many times as many images per second. A smaller gain may be noise, and a
    /// rewritten graph takes memory.
    /// </summary>
    public const double RewrittenGain = 1.05;

    /// <summary>
    /// A quantised twin is used if it runs at least this many times as many images per second. The factor is high because the twin's
    /// answers are a little worse, so a gain that may be noise is not enough.
    /// </summary>
    public const double QuantizedGain = 1.15;

    /// <summary>
    /// Runs of a lone image are spread over all cores if they are at least this many times as fast. A smaller gain is not worth the memory
    /// of another session.
    /// </summary>
    public const double SpreadGain = 1.1;

    /// <summary>
    /// A larger batch is chosen if it runs more than this many times as many images per second as every smaller one. A smaller gain may be
    /// noise.
    /// </summary>
    public double BatchGain => SparesMemory ? 1.05 : 1.01;

    /// <summary>All batch sizes that may be tried, ascending.</summary>
    public IReadOnlyList<int> AllSizes =>
        FixedBatch is { } only ? [only] : [.. Enumerable.Range(0, 31).Select(i => 1 << i).TakeWhile(size => size <= MaxBatch)];

    /// <summary>The smallest batch size.</summary>
    public int FirstSize => FixedBatch ?? 1;

    /// <summary>
    /// Returns the next batch size to try, twice the last one; null if no larger size is worth a try.
    /// </summary>
    /// <param name="tried">The sizes tried so far, ascending, at least one, with their seconds per image.</param>
    public int? SizeAfter(IReadOnlyList<(int Size, double SecondsPerImage)> tried)
    {
        var (last, seconds) = tried[^1];
        int best = tried.MinBy(size => size.SecondsPerImage).Size;
        int next = 2 * last;

        // The best size is a quarter of the last one or less: the last two doublings brought no gain, so a third will not either.
        bool gainsNoMore = best * 4 <= last;
        return FixedBatch is not null || gainsNoMore || next > MaxBatch || next * seconds > SchedulingPolicy.LongestRun ? null : next;
    }
}
