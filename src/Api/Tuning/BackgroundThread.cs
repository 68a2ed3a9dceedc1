using Fovea.Models;

namespace Fovea.Api.Tuning;

/// <summary>Does long work on a thread that leaves most of a busy core to requests.</summary>
internal static class BackgroundThread
{
    // Beside a thread of usual rank it gets about a quarter of a core.
    private const int Nice = 5;

    /// <summary>Does the work; returns its result, or its exception.</summary>
    public static Task<T> Run<T>(Func<T> work)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() => Complete(done, work)) { IsBackground = true, Name = "Tuning" }.Start();
        return done.Task;
    }

    // A new thread inherits the rank of its creator. So the thread that completes the task, and may thereby start threads of the pool, is not the one whose rank is
    // lowered.
    private static void Complete<T>(TaskCompletionSource<T> done, Func<T> work)
    {
        Action complete = () => { };
        var lowered = new Thread(() =>
        {
            ThreadRank.Lower(Nice);
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
        { IsBackground = true, Name = "Tuning, low rank" };
        lowered.Start();
        lowered.Join();
        complete();
    }
}
