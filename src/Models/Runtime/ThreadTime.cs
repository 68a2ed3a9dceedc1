using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Fovea.Models.Runtime;

/// <summary>
/// The processor time of the calling thread. Unlike wall-clock time, it does not advance while other threads use the core.
/// </summary>
public static partial class ThreadTime
{
    // The number of Linux's clock CLOCK_THREAD_CPUTIME_ID.
    private const int OfThread = 3;

    /// <summary>
    /// The thread's processor time in nanoseconds, on 64-bit Linux. On other systems, wall-clock time from an arbitrary start, in
    /// nanoseconds.
    /// </summary>
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

    // The structure timespec of the C library.
    private readonly record struct Time(long Seconds, long Nanoseconds);
}
