using System.Runtime.InteropServices;

namespace Fovea.Models;

/// <summary>How the operating system ranks a thread, and the processes that it starts. On others than Linux nothing is changed.</summary>
public static partial class ThreadRank
{
    // PRIO_PROCESS, by which Linux means one thread; 0: the one that asks.
    private const int OfThread = 0, Caller = 0;

    /// <summary>Lets the calling thread, and what it starts from now on, run only when nothing of a usual rank wants to. There is no way back, so the thread should end soon.</summary>
    public static void Lower()
    {
        if (OperatingSystem.IsLinux())
        {
            const int Lowest = 19;
            _ = SetPriority(OfThread, Caller, Lowest);
        }
    }

    [LibraryImport("libc", EntryPoint = "setpriority")]
    private static partial int SetPriority(int which, int who, int value);
}
