using System.Diagnostics;

namespace Fovea.Api.Scheduling;

/// <summary>
/// Counts the requests in flight of all models. Background work runs only while no request is in flight, and is cancelled as soon as one
/// arrives.
/// </summary>
internal sealed class RequestsInFlight
{
    private int count;
    private long lastEnd = Stopwatch.GetTimestamp();
    private BackgroundWork? work;

    /// <summary>The number of requests in flight.</summary>
    public int Count => Volatile.Read(ref count);

    /// <summary>The time since the last request ended; zero while a request is in flight.</summary>
    public TimeSpan Quiet => Volatile.Read(ref count) > 0 ? TimeSpan.Zero : Stopwatch.GetElapsedTime(Volatile.Read(ref lastEnd));

    /// <summary>Counts the start of a request.</summary>
    public void Enter()
    {
        Interlocked.Increment(ref count);
        Volatile.Read(ref work)?.Cancel();
    }

    /// <summary>Counts the end of a request.</summary>
    public void Leave()
    {
        if (Interlocked.Decrement(ref count) == 0)
        {
            Volatile.Write(ref lastEnd, Stopwatch.GetTimestamp());
        }
    }

    /// <summary>
    /// Begins background work. Returns null if a request is in flight. Begin only one work at a time, and dispose of the result when the
    /// work is over.
    /// </summary>
    /// <param name="cancel">Stops the work. Called at most once, on the thread of a request, and never after the work is over.</param>
    public BackgroundWork? TryBegin(Action cancel)
    {
        var begun = new BackgroundWork(this, cancel);
        Volatile.Write(ref work, begun);

        // A request that arrived before the line above did not see the work and has not cancelled it. So the count is checked again.
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref count) == 0)
        {
            return begun;
        }

        begun.Dispose();
        return null;
    }

    /// <summary>Running background work.</summary>
    internal sealed class BackgroundWork(RequestsInFlight requests, Action cancel) : IDisposable
    {
        private readonly Lock gate = new();
        private bool isOver;

        /// <summary>Whether a request has arrived since the start of the work.</summary>
        public bool IsCancelled { get; private set; }

        /// <summary>Stops the work if it is still running.</summary>
        public void Cancel()
        {
            lock (gate)
            {
                if (!isOver && !IsCancelled)
                {
                    IsCancelled = true;
                    cancel();
                }
            }
        }

        /// <inheritdoc/>
        public void Dispose()
        {
            lock (gate)
            {
                isOver = true;
            }

            Volatile.Write(ref requests.work, null);
        }
    }
}
