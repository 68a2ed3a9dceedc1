using System.Collections.Concurrent;
using Fovea.Api.Jobs;
using Fovea.Api.Telemetry;

namespace Fovea.Api.Workers;

/// <summary>
/// Takes jobs when entries of the queue arrive, and runs several jobs at the same time, one in each slot. A job runs on a thread of its
/// own: it continues when the queue loses its connection or is closed.
/// </summary>
internal sealed class JobRunner(
    JobStore store, JobAnnouncer announcer, JobWork work, FineTuningSettings settings, IHostApplicationLifetime lifetime, TimeProvider time,
    ILogger<JobRunner> log) : IDisposable
{
    private readonly SemaphoreSlim freeSlots = new(settings.TrainingJobs);
    private readonly ConcurrentDictionary<string, string> jobsByEntry = new();
    private readonly ConcurrentDictionary<string, Task> running = new();

    /// <summary>The name of this worker in the rows of jobs: the machine's name, a hyphen and 8 random hexadecimal digits.</summary>
    public string Worker { get; } = $"{Environment.MachineName}-{Guid.NewGuid().ToString("N")[..8]}";

    /// <summary>Whether this worker could begin another job now.</summary>
    public bool HasFreeSlot => freeSlots.CurrentCount > 0;

    /// <summary>Whether this process runs a job or is about to take it.</summary>
    public bool WorksAt(string job) => jobsByEntry.Values.Contains(job);

    /// <summary>Waits until this worker can begin another job.</summary>
    public async Task UntilFree(CancellationToken stop)
    {
        await freeSlots.WaitAsync(stop);
        freeSlots.Release();
    }

    /// <summary>
    /// Called by the queue for each entry. Takes the entry's job, if the job still names this entry, and starts it. If the job cannot be
    /// taken now, the entry is dropped, and the job is added to the queue again later. Does nothing while this worker runs the entry's job.
    /// </summary>
    /// <param name="id">The id of the job.</param>
    /// <param name="entry">The id of the entry.</param>
    /// <param name="queueStops">Cancels waiting for a free slot.</param>
    public async Task Begin(string id, string entry, CancellationToken queueStops)
    {
        await freeSlots.WaitAsync(queueStops);

        // The job is listed here before the database marks it as running. Otherwise JobRecovery could take it for a lost job. The queue
        // hands out an entry twice if it could not be removed from the queue after its job had begun.
        if (!jobsByEntry.TryAdd(entry, id))
        {
            freeSlots.Release();
            return;
        }

        if (await Take(id, entry) is { } taken)
        {
            var holding = Task.Run(() => Hold(taken.Job, taken.Before), CancellationToken.None);
            running[entry] = holding;
            _ = holding.ContinueWith(_ => Free(entry), TaskScheduler.Default);
        }
        else
        {
            Free(entry);
        }
    }

    /// <summary>Waits until the running jobs have stopped. They stop when the service stops.</summary>
    public Task Drain() => Task.WhenAll(running.Values);

    /// <inheritdoc/>
    public void Dispose() => freeSlots.Dispose();

    private async Task<(Job Job, long Before)?> Take(string id, string entry)
    {
        try
        {
            bool isTaken = false;
            long before = time.GetTimestamp();
            var job = lifetime.ApplicationStopping.IsCancellationRequested ? null : await store.Change(
                id, now => isTaken = now.TryBegin(entry, Worker, settings.Threads), CancellationToken.None);
            return isTaken ? (job!, before) : null;
        }
        catch (Exception e)
        {
            log.JobsUnreachable(StateDatabase.Reason(e));
            return null;
        }
    }

    private async Task Hold(Job taken, long before)
    {
        try
        {
            log.JobBegun(taken.Id, taken.Fence);
            var length = TimeSpan.FromSeconds(settings.TakeoverSeconds);
            await using var lease = new JobLease(store, taken, before, announcer.Follow(taken.Id), length, time, log);
            await using var job = new HeldJob(store, taken, time, log, lifetime.ApplicationStopping);
            await work.RunToTheEnd(job, lease, lifetime.ApplicationStopping);
            log.JobEnded(taken.Id, job.Now.Status);
        }
        catch (OperationCanceledException e)
        {
            log.JobLeft(taken.Id, e.Message);
        }
        catch (Exception e)
        {
            log.JobFaulted(e, taken.Id);
        }
    }

    private void Free(string entry)
    {
        running.TryRemove(entry, out _);
        jobsByEntry.TryRemove(entry, out _);
        freeSlots.Release();
    }
}
