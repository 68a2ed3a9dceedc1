using System.Threading.Channels;

namespace Fovea.Api.Jobs;

/// <summary>
/// A subscription to the changes that <see cref="JobAnnouncer"/> announces. Only one task at a time may wait for a change. Disposing of
/// this object ends the subscription.
/// </summary>
internal sealed class JobSubscription(Action<JobSubscription> end, TimeProvider time) : IDisposable
{
    // The channel holds one announcement. Further announcements before the next Wait are dropped, because the waiter then reads all changes
    // from the database.
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

        // The option SuppressThrowing, used below, works only for a task without a result.
        Task reading = announced.Reader.WaitToReadAsync(end.Token).AsTask();
        await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stop.ThrowIfCancellationRequested();
        announced.Reader.TryRead(out _);
    }

    /// <inheritdoc/>
    public void Dispose() => end(this);
}
