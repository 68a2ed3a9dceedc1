using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Fovea.Models.Runtime;

/// <summary>
/// The processor time of the calling thread. Unlike the time on the clock, it does not grow while other threads have the core.
/// </summary>
public static partial class ThreadTime
{
    // CLOCK_THREAD_CPUTIME_ID of Linux.
    private const int OfThread = 3;

    /// <summary>The processor time so far, in nanoseconds from some start (64-bit Linux); elsewhere the time on the clock.</summary>
    public static long Nanoseconds
    {
        get
        {
            if (!OperatingSystem.IsLinux() || !Environment.Is64BitProcess)
            {
                return (long)(Stopwatch.GetTimestamp() * (1e9 / Stopwatch.Frequency));
            }

            _ = GetTime(OfThread, out var time);
            return (time.Seconds * 1_000_000_000) + time.Nanoseconds;
        }
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int GetTime(int clock, out Time time);

    // struct timespec.
    private readonly record struct Time(long Seconds, long Nanoseconds);
}
