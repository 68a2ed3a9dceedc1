using System.Diagnostics;
using Fovea.Models.Runtime;

namespace Fovea.Api.Scheduling;

/// <summary>
/// Times a run on the calling thread: a run in one slot by the processor time of the thread, which other threads do not disturb; a run that
/// is spread over all slots by the clock, since it uses other threads.
/// </summary>
internal readonly struct RunClock
{
    private readonly bool isSpread;
    private readonly long start;

    private RunClock(bool isSpread) => (this.isSpread, start) = (isSpread, isSpread ? Stopwatch.GetTimestamp() : ThreadTime.Nanoseconds);

    /// <summary>The time since the start; to be read on the thread that started it.</summary>
    public TimeSpan Elapsed => isSpread
        ? Stopwatch.GetElapsedTime(start)
        : TimeSpan.FromTicks((ThreadTime.Nanoseconds - start) / TimeSpan.NanosecondsPerTick);

    /// <summary>Starts a clock for a run of a kind.</summary>
    public static RunClock Start(SessionKind kind) => new(kind.Spread);
}
