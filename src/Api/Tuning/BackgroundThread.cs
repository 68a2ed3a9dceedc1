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
        new Thread(() =>
        {
            ThreadRank.Lower(Nice);
            try
            {
                done.SetResult(work());
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        })
        { IsBackground = true, Name = "Tuning" }.Start();
        return done.Task;
    }
}
