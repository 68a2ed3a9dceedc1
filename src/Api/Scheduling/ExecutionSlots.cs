using System.Diagnostics;

namespace Fovea.Api.Scheduling;

/// <summary>
/// The execution slots of a model, which its runs hold, and an estimate of the time until all are free. Not thread-safe: the caller holds
/// the scheduler's lock.
/// </summary>
/// <param name="all">The number of slots, at least 1.</param>
internal sealed class ExecutionSlots(int all)
{
    // The estimated time at which all slots are free, on the clock of Now.
    private double freeAt;

    /// <summary>The number of slots.</summary>
    public int All { get; } = all;

    /// <summary>The number of slots that no run holds.</summary>
    public int Free { get; private set; } = all;

    /// <summary>Whether no run holds a slot.</summary>
    public bool AreFree => Free == All;

    /// <summary>The estimated seconds until all slots are free; 0: all slots are free now.</summary>
    public double SecondsUntilFree => AreFree ? 0 : Math.Max(0, freeAt - Now);

    // The time of a monotonic clock, in seconds.
    private static double Now => Stopwatch.GetTimestamp() / (double)Stopwatch.Frequency;

    /// <summary>Takes slots for a run that lasts about <paramref name="seconds"/>; 0: unknown.</summary>
    public void Take(int count, double seconds)
    {
        freeAt = Math.Max(AreFree ? 0 : freeAt, Now + seconds);
        Free -= count;
    }

    /// <summary>Returns the slots of a run that has ended.</summary>
    public void Return(int count) => Free += count;
}
