using System.Runtime.ExceptionServices;

namespace Fovea.Api;

/// <summary>Does several things at the same time, each on a thread of its own.</summary>
internal static class SideBySide
{
    // Enough for a run of ONNX Runtime; the usual 8 MiB would count against the memory that is allowed.
    private const int StackBytes = 2 << 20;

    /// <summary>Starts all actions together, and waits for all.</summary>
    /// <exception cref="Exception">What the first of those throws that fail.</exception>
    public static void Run(IEnumerable<Action> actions)
    {
        Action[] all = [.. actions];
        ExceptionDispatchInfo? failure = null;
        using var start = new Barrier(all.Length);
        var threads = Array.ConvertAll(all, action => new Thread(
            () =>
            {
                start.SignalAndWait();
                try
                {
                    action();
                }
                catch (Exception e)
                {
                    Interlocked.CompareExchange(ref failure, ExceptionDispatchInfo.Capture(e), null);
                }
            },
            StackBytes));
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        failure?.Throw();
    }
}
