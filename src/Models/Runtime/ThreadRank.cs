using System.Runtime.InteropServices;

namespace Fovea.Models.Runtime;

/// <summary>How the operating system ranks a thread, and the processes that it starts. On others than Linux nothing is changed.</summary>
public static partial class ThreadRank
{
    // PRIO_PROCESS, by which Linux means one thread; 0: the one that asks.
    private const int OfThread = 0, Caller = 0;

    /// <summary>The lowest rank.</summary>
    public const int Lowest = 19;

    /// <summary>
    /// Runs the calling thread, and the processes that it starts from now on, only while no thread of usual rank wants a core. It cannot be
    /// undone.
    /// </summary>
    public static void Lower() => Lower(Lowest);

    /// <summary>
    /// Gives the calling thread a smaller share of a core that threads of usual rank want too. It cannot be undone, so the thread should
    /// end soon.
    /// </summary>
    /// <param name="nice">How much smaller, 1 to 19: with 5 about a quarter of the core, with 19 a seventieth.</param>
    public static void Lower(int nice)
    {
        if (OperatingSystem.IsLinux())
        {
            _ = SetPriority(OfThread, Caller, nice);
        }
    }

    /// <summary>Does work on a thread of its own, of lower rank.</summary>
    /// <param name="nice">How much lower, as for <see cref="Lower(int)"/>.</param>
    /// <param name="work">The work. Threads and processes that it starts have the lower rank too.</param>
    /// <returns>A task with the result of the work, or its exception.</returns>
    public static Task<T> Run<T>(int nice, Func<T> work)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() => Complete(done, nice, work)) { IsBackground = true }.Start();
        return done.Task;
    }

    // A new thread inherits the rank of the thread that creates it, and completing a task may create a thread of the pool. So the task is
    // completed on another thread than the one whose rank is lowered.
    private static void Complete<T>(TaskCompletionSource<T> done, int nice, Func<T> work)
    {
        Action complete = () => { };
        var lowered = new Thread(() =>
        {
            Lower(nice);
            try
            {
                var result = work();
                complete = () => done.SetResult(result);
            }
            catch (Exception e)
            {
                complete = () => done.SetException(e);
            }
        })
        { IsBackground = true };
        lowered.Start();
        lowered.Join();
        complete();
    }

    [LibraryImport("libc", EntryPoint = "setpriority")]
    private static partial int SetPriority(int which, int who, int value);
}
