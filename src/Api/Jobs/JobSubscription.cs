using System.Threading.Channels;

namespace Fovea.Api.Jobs;

/// <summary>One waiter of <see cref="JobAnnouncer"/>. One task at a time may wait. Disposing of it ends the subscription.</summary>
internal sealed class JobSubscription(Action<JobSubscription> end, TimeProvider time) : IDisposable
{
    // One place: further announcements before the next Wait add nothing, because the waiter then reads everything from the database.
    private readonly Channel<bool> announced = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Ends the present or the next <see cref="Wait"/>.</summary>
    public void Announce() => announced.Writer.TryWrite(true);

    /// <summary>
    /// Returns when something was announced since the last call, or after <paramref name="longest"/>: an announcement may be lost, so the
    /// caller looks into the database in both cases.
    /// </summary>
    /// <exception cref="OperationCanceledException"><paramref name="stop"/> was cancelled.</exception>
    public async Task Wait(TimeSpan longest, CancellationToken stop)
    {
        using var late = new CancellationTokenSource(longest, time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(late.Token, stop);

        // SuppressThrowing needs a task without a result.
        Task reading = announced.Reader.WaitToReadAsync(end.Token).AsTask();
        await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stop.ThrowIfCancellationRequested();
        announced.Reader.TryRead(out _);
    }

    /// <inheritdoc/>
    public void Dispose() => end(this);
}
