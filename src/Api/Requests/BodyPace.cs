using System.IO.Pipelines;

namespace Fovea.Api.Requests;

/// <summary>
/// Watches how fast one body arrives, and cancels its reading when it is too slow. A body with a Content-Length must always keep the pace
/// at which the whole body arrives within the time limit. A body of unknown length must be complete when the limit ends. Five seconds more
/// are allowed in both cases, because lost packets are sent again.
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

    /// <param name="reader">The reader of the body. If the body is too slow, the reader's pending read returns as cancelled.</param>
    /// <param name="whole">The length of the body in bytes, from Content-Length; null: unknown.</param>
    /// <param name="limit">The time limit for the whole body.</param>
    /// <param name="time">The clock.</param>
    public BodyPace(PipeReader reader, long? whole, TimeSpan limit, TimeProvider time)
    {
        (this.reader, this.whole, this.limit, this.time) = (reader, whole, limit, time);
        start = time.GetTimestamp();
        timer = time.CreateTimer(static pace => ((BodyPace)pace!).Check(), this, Allowed, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Whether the body was too slow.</summary>
    public bool IsTooSlow { get; private set; }

    /// <summary>The number of bytes that have arrived.</summary>
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

    /// <summary>Stops watching. After this method returns, the reader is not used any more.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            isOver = true;
        }

        timer.Dispose();
    }

    // Called by the timer when the time that the arrived bytes allow is over. If more bytes have arrived since, the timer is set again. So
    // the arrival of bytes only updates a counter.
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
