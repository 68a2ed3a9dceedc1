using System.Runtime.InteropServices;

namespace Fovea.Models;

/// <summary>How the operating system ranks a thread, and the processes that it starts. On others than Linux nothing is changed.</summary>
public static partial class ThreadRank
{
    // PRIO_PROCESS, by which Linux means one thread; 0: the one that asks.
    private const int OfThread = 0, Caller = 0;

    /// <summary>Runs the calling thread, and the processes that it starts from now on, only while no thread of usual rank wants a core. It cannot be undone.</summary>
    public static void Lower() => Lower(19);

    /// <summary>Gives the calling thread a smaller share of a core that threads of usual rank want too. It cannot be undone, so the thread should end soon.</summary>
    /// <param name="nice">How much smaller, 1 to 19: with 5 about a quarter of the core, with 19 a seventieth.</param>
    public static void Lower(int nice)
    {
        if (OperatingSystem.IsLinux())
        {
            _ = SetPriority(OfThread, Caller, nice);
        }
    }

    [LibraryImport("libc", EntryPoint = "setpriority")]
    private static partial int SetPriority(int which, int who, int value);
}
