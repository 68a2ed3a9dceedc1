using System.Runtime.ExceptionServices;

namespace Fovea.Api.ModelRepository;

/// <summary>Runs several actions at the same time, each on its own thread.</summary>
internal static class SideBySide
{
    // This stack size is enough for a run of ONNX Runtime. The usual stack of 8 MiB per thread would count against the memory limit.
    private const int StackBytes = 2 << 20;

    /// <summary>Starts all actions at the same time, and waits until all have ended.</summary>
    /// <exception cref="Exception">The exception of the first action that fails.</exception>
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
