namespace Fovea.Api.Workers;

// held ──2/3 of the length without a renewal──► fading ──1/3 more──► over
//
/// <summary>
/// A time in which a worker has held a job's lease without a break. It ends by itself, by the monotonic clock, when it is not renewed: no
/// other worker takes the job before it is over. Safe for several threads.
/// </summary>
internal sealed class LeaseTerm : IDisposable
{
    private readonly TimeSpan length;
    private readonly TimeProvider time;
    private readonly CancellationTokenSource fading, over;
    private readonly TaskCompletionSource<LeaseTerm> next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Begins a term.</summary>
    /// <param name="length">The time from a renewal to the end of the term.</param>
    /// <param name="renewed">The timestamp taken before the lease was acquired or renewed.</param>
    /// <param name="time">The clock.</param>
    public LeaseTerm(TimeSpan length, long renewed, TimeProvider time)
    {
        (this.length, this.time) = (length, time);
        (fading, over) = (new CancellationTokenSource(length, time), new CancellationTokenSource(length, time));
        TryExtend(renewed);
    }

    /// <summary>Cancelled when the work should save a checkpoint and stop.</summary>
    public CancellationToken Fading => fading.Token;

    /// <summary>Cancelled when the work must have stopped.</summary>
    public CancellationToken Over => over.Token;

    /// <summary>
    /// Completes with the next term, when the lease is renewed after this one has begun to fade. Fails with an
    /// <see cref="OperationCanceledException"/> that says why, when the lease will not be renewed.
    /// </summary>
    public Task<LeaseTerm> Next => next.Task;

    /// <summary>Extends the term after a renewal.</summary>
    /// <param name="renewed">The timestamp taken before the renewal was sent.</param>
    /// <returns>Whether it was in time. False: the term had begun to fade, and a new term must begin.</returns>
    public bool TryExtend(long renewed)
    {
        Arm(fading, length * 2 / 3, renewed);
        Arm(over, length, renewed);
        return !Fading.IsCancellationRequested;
    }

    /// <summary>Names the next term.</summary>
    public void FollowedBy(LeaseTerm term) => next.TrySetResult(term);

    /// <summary>Ends the term for good, once the work has had time to save a checkpoint.</summary>
    public void Fade(string reason)
    {
        next.TrySetException(new OperationCanceledException(reason));

        // Nobody may be waiting: then the error counts as seen.
        _ = next.Task.Exception;
        fading.Cancel();
    }

    /// <summary>Ends the term for good, at once.</summary>
    public void End(string reason)
    {
        Fade(reason);
        over.Cancel();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        fading.Dispose();
        over.Dispose();
    }

    private void Arm(CancellationTokenSource source, TimeSpan after, long renewed)
    {
        var left = after - time.GetElapsedTime(renewed);
        source.CancelAfter(left > TimeSpan.Zero ? left : TimeSpan.Zero);
    }
}
