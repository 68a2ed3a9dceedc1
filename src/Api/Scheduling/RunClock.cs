using System.Diagnostics;
using Fovea.Models.Runtime;

namespace Fovea.Api.Scheduling;

/// <summary>
/// Measures the time of a run on the calling thread. For a run on one core it is the processor time of the thread, which other threads do
/// not disturb. A run that is spread over all cores uses several threads, so for it the elapsed time is measured.
/// </summary>
internal readonly struct RunClock
{
    private readonly bool isSpread;
    private readonly long start;

    private RunClock(bool isSpread) => (this.isSpread, start) = (isSpread, isSpread ? Stopwatch.GetTimestamp() : ThreadTime.Nanoseconds);

    /// <summary>The time since the start. Read it on the thread that called <see cref="Start"/>.</summary>
    public TimeSpan Elapsed => isSpread
        ? Stopwatch.GetElapsedTime(start)
        : TimeSpan.FromTicks((ThreadTime.Nanoseconds - start) / TimeSpan.NanosecondsPerTick);

    /// <summary>Starts a clock for a run in a session of this kind.</summary>
    public static RunClock Start(SessionKind kind) => new(kind.Spread);
}
