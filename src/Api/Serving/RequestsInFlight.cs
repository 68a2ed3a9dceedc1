using System.Diagnostics;

namespace Fovea.Api;

/// <summary>
/// Counts the requests in flight of all models. Background work runs only while there are none: it is cancelled as soon as a request comes.
/// </summary>
internal sealed class RequestsInFlight
{
    private int count;
    private long lastEnd = Stopwatch.GetTimestamp();
    private BackgroundWork? work;

    /// <summary>How long no request has been in flight; zero while there is one.</summary>
    public TimeSpan Quiet => Volatile.Read(ref count) > 0 ? TimeSpan.Zero : Stopwatch.GetElapsedTime(Volatile.Read(ref lastEnd));

    /// <summary>Notes a request that begins.</summary>
    public void Enter()
    {
        Interlocked.Increment(ref count);
        Volatile.Read(ref work)?.Cancel();
    }

    /// <summary>Notes a request that ends.</summary>
    public void Leave()
    {
        if (Interlocked.Decrement(ref count) == 0)
        {
            Volatile.Write(ref lastEnd, Stopwatch.GetTimestamp());
        }
    }

    /// <summary>
    /// Begins background work, of which there may be one at a time; null where a request is in flight. The work is over when what is
    /// returned is disposed of.
    /// </summary>
    /// <param name="cancel">Stops the work; called once at most, on the thread of a request, and never after the work is over.</param>
    public BackgroundWork? TryBegin(Action cancel)
    {
        var begun = new BackgroundWork(this, cancel);
        Volatile.Write(ref work, begun);

        // A request that came before the line above has not seen the work.
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref count) == 0)
        {
            return begun;
        }

        begun.Dispose();
        return null;
    }

    /// <summary>Background work that is under way.</summary>
    internal sealed class BackgroundWork(RequestsInFlight requests, Action cancel) : IDisposable
    {
        private readonly Lock gate = new();
        private bool isOver;

        /// <summary>Whether a request came meanwhile.</summary>
        public bool IsCancelled { get; private set; }

        /// <summary>Stops the work, unless it is over.</summary>
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
