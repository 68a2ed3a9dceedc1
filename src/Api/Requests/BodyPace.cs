using System.IO.Pipelines;

namespace Fovea.Api.Requests;

/// <summary>
/// Watches how fast one body arrives, and cancels its reading when it is too slow. An announced body must arrive at the pace at which the
/// whole of it comes within the limit; one of unknown length must be there by then. The first seconds are free, since lost packets are sent
/// again.
/// </summary>
internal sealed class BodyPace : IDisposable
{
    private static readonly TimeSpan MostGrace = TimeSpan.FromSeconds(5), Shortest = TimeSpan.FromMilliseconds(1);

    private readonly PipeReader reader;
    private readonly long? whole;
    private readonly TimeSpan limit;
    private readonly TimeProvider time;
    private readonly long start;
    private readonly ITimer timer;
    private readonly Lock gate = new();
    private bool isOver;
    private long received;

    /// <param name="reader">What reads the body. A body that is too slow makes its pending read return as canceled.</param>
    /// <param name="whole">The announced length in bytes; <c>null</c> where it is unknown.</param>
    /// <param name="limit">The time for the whole body.</param>
    /// <param name="time">The clock.</param>
    public BodyPace(PipeReader reader, long? whole, TimeSpan limit, TimeProvider time)
    {
        (this.reader, this.whole, this.limit, this.time) = (reader, whole, limit, time);
        start = time.GetTimestamp();
        timer = time.CreateTimer(static pace => ((BodyPace)pace!).Check(), this, Allowed, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Whether the body was too slow.</summary>
    public bool IsTooSlow { get; private set; }

    /// <summary>The bytes that have arrived.</summary>
    public long Received
    {
        set => Volatile.Write(ref received, value);
    }

    private TimeSpan Allowed
    {
        get
        {
            double share = whole is > 0 ? Math.Min(1, Volatile.Read(ref received) / (double)whole) : 1;
            return (limit < MostGrace ? limit : MostGrace) + (limit * share);
        }
    }

    /// <summary>Stops watching. The reader is not touched after this returns.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            isOver = true;
        }

        timer.Dispose();
    }

    // The timer is set again only when it fires, so bytes that arrive in time cost one write each.
    private void Check()
    {
        lock (gate)
        {
            if (isOver)
            {
                return;
            }

            var left = Allowed - time.GetElapsedTime(start);
            if (left > TimeSpan.Zero)
            {
                timer.Change(left > Shortest ? left : Shortest, Timeout.InfiniteTimeSpan);
                return;
            }

            IsTooSlow = true;
            reader.CancelPendingRead();
        }
    }
}
