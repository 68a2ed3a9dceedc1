using System.Runtime.InteropServices;

namespace Fovea.Models.Runtime;

/// <summary>
/// Lowers the scheduling priority of a thread, and of the processes that it starts. Does nothing on systems other than Linux.
/// </summary>
public static partial class ThreadRank
{
    // OfThread is PRIO_PROCESS, which means a single thread on Linux. Caller, 0, means the calling thread.
    private const int OfThread = 0, Caller = 0;

    /// <summary>The nice value of the lowest priority.</summary>
    public const int Lowest = 19;

    /// <summary>
    /// Gives the calling thread, and the processes that it starts from now on, the lowest priority: threads of normal priority get nearly
    /// all of the processor time. This cannot be undone.
    /// </summary>
    public static void Lower() => Lower(Lowest);

    /// <summary>
    /// Gives the calling thread a smaller share of a core when a thread of normal priority needs the core too. This cannot be undone, so
    /// the thread should end soon.
    /// </summary>
    /// <param name="nice">The nice value, 1 to 19. With 5, the thread gets about a quarter of the core; with 19, a seventieth.</param>
    public static void Lower(int nice)
    {
        if (OperatingSystem.IsLinux())
        {
            _ = SetPriority(OfThread, Caller, nice);
        }
    }

    /// <summary>Calls a function on a new thread of lower priority.</summary>
    /// <param name="nice">The nice value, as for <see cref="Lower(int)"/>.</param>
    /// <param name="work">The function. Threads and processes that it starts inherit the lower priority.</param>
    /// <returns>A task with the function's result, or its exception.</returns>
    public static Task<T> Run<T>(int nice, Func<T> work)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() => Complete(done, nice, work)) { IsBackground = true }.Start();
        return done.Task;
    }

    // Completing a task may create a thread of the pool, which would inherit a lowered priority. So one thread with the lowered priority
    // calls the function, and another thread completes the task.
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
