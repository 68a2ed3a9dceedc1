namespace Fovea.Api.Workers;

// The states of a term: held ──2/3 of the length without a renewal──► fading ──1/3 more──► over
//
/// <summary>
/// A time in which a worker holds a job's lease without interruption. If the lease is not renewed, the term ends by itself, by this
/// process's monotonic clock. No other worker takes the job before the term is over. Thread-safe.
/// </summary>
internal sealed class LeaseTerm : IDisposable
{
    private readonly TimeSpan length;
    private readonly TimeProvider time;
    private readonly CancellationTokenSource fading, over;
    private readonly TaskCompletionSource<LeaseTerm> next = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long lastRenewal;

    /// <summary>Begins a term.</summary>
    /// <param name="length">The time from a renewal to the end of the term.</param>
    /// <param name="renewed">A timestamp from just before the lease was acquired or renewed.</param>
    /// <param name="time">The clock.</param>
    public LeaseTerm(TimeSpan length, long renewed, TimeProvider time)
    {
        (this.length, this.time) = (length, time);
        (fading, over) = (new CancellationTokenSource(length, time), new CancellationTokenSource(length, time));
        TryExtend(renewed);
    }

    /// <summary>Cancelled when the training should save a checkpoint and stop.</summary>
    public CancellationToken Fading => fading.Token;

    /// <summary>Cancelled when the training must have stopped, because another worker may take the job.</summary>
    public CancellationToken Over => over.Token;

    /// <summary>
    /// Completes with the next term if the lease is renewed after <see cref="Fading"/> was cancelled. If the lease will not be renewed, the
    /// task fails with an <see cref="OperationCanceledException"/> whose message gives the reason.
    /// </summary>
    public Task<LeaseTerm> Next => next.Task;

    /// <summary>
    /// Throws if the term is over. It compares the clock itself: after a process was stopped for a while, the timer that cancels
    /// <see cref="Over"/> may fire later than the process's first steps.
    /// </summary>
    /// <exception cref="OperationCanceledException">The term is over, so another worker may have taken the job.</exception>
    public void RequireHeld()
    {
        Over.ThrowIfCancellationRequested();
        if (time.GetElapsedTime(Volatile.Read(ref lastRenewal)) >= length)
        {
            throw new OperationCanceledException("The lease was not renewed in time, so another worker may have taken the job.");
        }
    }

    /// <summary>Extends the term after a renewal.</summary>
    /// <param name="renewed">A timestamp from just before the renewal was sent.</param>
    /// <returns>True if the term continues. False if <see cref="Fading"/> was cancelled before, so that a new term must begin.</returns>
    public bool TryExtend(long renewed)
    {
        Volatile.Write(ref lastRenewal, renewed);
        Arm(fading, length * 2 / 3, renewed);
        Arm(over, length, renewed);
        return !Fading.IsCancellationRequested;
    }

    /// <summary>Completes <see cref="Next"/> with the next term.</summary>
    public void FollowedBy(LeaseTerm term) => next.TrySetResult(term);

    /// <summary>Cancels <see cref="Fading"/>, so that training saves a checkpoint and stops. No next term follows.</summary>
    public void Fade(string reason)
    {
        next.TrySetException(new OperationCanceledException(reason));

        // Reading the exception marks it as observed, in case no code waits for the task.
        _ = next.Task.Exception;
        fading.Cancel();
    }

    /// <summary>Cancels <see cref="Fading"/> and <see cref="Over"/>, so that training is stopped at once. No next term follows.</summary>
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
