using Fovea.Api.Jobs;
using Fovea.Api.Problems;
using Fovea.Api.Telemetry;

namespace Fovea.Api.Workers;

/// <summary>
/// Renews a worker's lease of a job while the worker trains, and detects when the job is paused, cancelled or taken over. While the
/// database cannot be reached, the current term of the lease runs out. When the database can be reached again and no other worker has taken
/// the job, a new term begins. One background task does this; the training code reads <see cref="Term"/>.
/// </summary>
internal sealed class JobLease : IAsyncDisposable
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(1), LongestPause = TimeSpan.FromSeconds(15);

    private readonly JobStore store;
    private readonly string id;
    private readonly long fence;
    private readonly TimeSpan length;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private readonly JobSubscription changes;
    private readonly List<LeaseTerm> terms;
    private readonly CancellationTokenSource ended = new();
    private readonly Task keeping;
    private long renewed;

    /// <summary>Starts renewing a lease.</summary>
    /// <param name="store">The store of all jobs.</param>
    /// <param name="taken">The job as it was when the worker took it.</param>
    /// <param name="before">A timestamp from just before the worker took the job.</param>
    /// <param name="changes">A subscription to the job's changes, which this object disposes of.</param>
    /// <param name="length">The time without a renewal after which other workers may take the job.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">The log.</param>
    public JobLease(
        JobStore store, Job taken, long before, JobSubscription changes, TimeSpan length, TimeProvider time, ILogger log)
    {
        (this.store, this.changes, this.length, this.time, this.log) = (store, changes, length, time, log);
        (id, fence, renewed) = (taken.Id, taken.Fence, before);
        terms = [new LeaseTerm(length, before, time)];
        Term = terms[0];

        // The job may have changed before the subscription began, so the first look does not wait for an announcement.
        changes.Announce();
        keeping = Task.Run(Keep);
    }

    /// <summary>The newest term of the lease.</summary>
    public LeaseTerm Term { get; private set; }

    /// <summary>Stops renewing. The lease runs out, unless the job has been released or has ended.</summary>
    public async ValueTask DisposeAsync()
    {
        await ended.CancelAsync();
        await keeping;
        terms.ForEach(term => term.Dispose());
        changes.Dispose();
        ended.Dispose();
    }

    private async Task Keep()
    {
        bool isAway = false;
        while (true)
        {
            await Pause().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (ended.IsCancellationRequested)
            {
                return;
            }

            try
            {
                await Look();
                isAway = false;
            }
            catch (OperationCanceledException) when (ended.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                // After any error the lease is not renewed now, and its term continues to run out.
                if (!isAway)
                {
                    log.JobsUnreachable(StateDatabase.Reason(e));
                }

                isAway = true;
            }
        }
    }

    // Waits until the job has changed or the next renewal is due, and at least a second, because training itself changes the job often.
    private async Task Pause()
    {
        await Task.Delay(BetweenLooks, time, ended.Token);
        var left = (length / 6) - time.GetElapsedTime(renewed);
        await changes.Wait(left < TimeSpan.Zero ? TimeSpan.Zero : left < LongestPause ? left : LongestPause, ended.Token);
    }

    // Renews the lease when a sixth of its length has passed, and otherwise reads the job. A database call is cancelled after a third of
    // the length: a call that hangs must not use up the term, because the next call may succeed.
    private async Task Look()
    {
        using var late = new CancellationTokenSource(length / 3, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(late.Token, ended.Token);
        long before = time.GetTimestamp();
        if (time.GetElapsedTime(renewed, before) >= length / 6 && await store.Renew(id, fence, stop.Token))
        {
            Renewed(before);
            return;
        }

        var job = await Find(stop.Token);
        if (job?.Fence != fence)
        {
            Term.End($"{id} was cancelled, or taken over by another worker.");
        }
        else if (job.Status is not JobStatus.Running)
        {
            // No other worker has taken the job yet, so a checkpoint can still be saved.
            Term.Fade(job.Status is JobStatus.Paused ? $"{id} is paused." : $"{id} was put back into the queue.");
        }
    }

    // Reads the job from the database. Returns null if it was deleted.
    private async Task<Job?> Find(CancellationToken stop)
    {
        try
        {
            return await store.Find(id, stop);
        }
        catch (ServiceException e) when (e.Error == ServiceError.UnknownJob)
        {
            return null;
        }
    }

    private void Renewed(long before)
    {
        renewed = before;
        if (!Term.TryExtend(before))
        {
            var faded = Term;
            terms.Add(Term = new LeaseTerm(length, before, time));
            faded.FollowedBy(Term);
        }
    }
}
