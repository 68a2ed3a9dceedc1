using Fovea.Api.Jobs;
using Fovea.Api.Problems;
using Fovea.Api.Telemetry;

namespace Fovea.Api.Workers;

/// <summary>
/// Keeps a worker's lease of a job while the worker works: renews it, and notices a pause, a cancellation and a takeover. Without contact
/// to the database the term of the lease runs out. When contact is back and nobody has taken the job, a new term begins. The work reads
/// <see cref="Term"/>; one background task does the rest.
/// </summary>
internal sealed class JobLease : IAsyncDisposable
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(1);

    private readonly JobStore store;
    private readonly string id;
    private readonly long fence;
    private readonly TimeSpan length;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private readonly List<LeaseTerm> terms;
    private readonly CancellationTokenSource ended = new();
    private readonly Task keeping;
    private long renewed;

    /// <summary>Begins to keep a lease.</summary>
    /// <param name="store">The jobs.</param>
    /// <param name="taken">The job as it was when the worker took it.</param>
    /// <param name="before">The timestamp taken before the worker took it.</param>
    /// <param name="length">The time without a renewal after which others may take the job.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">The log.</param>
    public JobLease(JobStore store, Job taken, long before, TimeSpan length, TimeProvider time, ILogger log)
    {
        (this.store, this.length, this.time, this.log) = (store, length, time, log);
        (id, fence, renewed) = (taken.Id, taken.Fence, before);
        terms = [new LeaseTerm(length, before, time)];
        Term = terms[0];
        keeping = Task.Run(Keep);
    }

    /// <summary>The newest term.</summary>
    public LeaseTerm Term { get; private set; }

    /// <summary>Stops renewing. The lease runs out, unless the job has been released or has ended.</summary>
    public async ValueTask DisposeAsync()
    {
        await ended.CancelAsync();
        await keeping;
        terms.ForEach(term => term.Dispose());
        ended.Dispose();
    }

    private async Task Keep()
    {
        bool isAway = false;
        while (!ended.IsCancellationRequested)
        {
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
                // After any error the lease is not renewed, and its term runs on.
                if (!isAway)
                {
                    log.JobsUnreachable(StateDatabase.Reason(e));
                }

                isAway = true;
            }

            await Task.Delay(BetweenLooks, time, ended.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // A call that hangs must not use up the term: the next one may get through.
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
            // Nobody else has taken the job yet, so its checkpoint can still be saved.
            Term.Fade(job.Status is JobStatus.Paused ? $"{id} is paused." : $"{id} was put back into the queue.");
        }
    }

    // Null: the job was deleted.
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
