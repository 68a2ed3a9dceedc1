using System.Collections.Concurrent;
using Fovea.Api.Jobs;
using Fovea.Api.Telemetry;
using Hangfire;
using Hangfire.Server;

namespace Fovea.Api.Workers;

/// <summary>
/// Takes jobs as entries of the queue arrive, and works at several at the same time, one in each slot. A job runs apart from the queue's
/// thread: neither a queue that loses its connection nor one that is closed stops it.
/// </summary>
internal sealed class JobRunner(
    JobStore store, JobWork work, FineTuningSettings settings, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<JobRunner> log)
    : IDisposable
{
    private readonly SemaphoreSlim freeSlots = new(settings.TrainingJobs);
    private readonly ConcurrentDictionary<string, string> jobsByEntry = new();
    private readonly ConcurrentDictionary<string, Task> running = new();

    /// <summary>The name of this worker, as jobs carry it: the machine's name and a random number.</summary>
    public string Worker { get; } = $"{Environment.MachineName}-{Guid.NewGuid().ToString("N")[..8]}";

    /// <summary>Whether another job could begin now.</summary>
    public bool HasFreeSlot => freeSlots.CurrentCount > 0;

    /// <summary>Whether this process takes a job, or works at it.</summary>
    public bool WorksAt(string job) => jobsByEntry.Values.Contains(job);

    /// <summary>
    /// Takes the job of an entry, if the entry stands for it. Returns when the runner has a free slot again, so that the queue does not
    /// fetch entries that other workers could take. An entry whose job cannot be taken now is dropped; its job is entered again.
    /// </summary>
    [AutomaticRetry(Attempts = 0, OnAttemptsExceeded = AttemptsExceededAction.Delete, LogEvents = false)]
    public async Task Run(string id, PerformContext? context, CancellationToken queueStops)
    {
        await freeSlots.WaitAsync(queueStops);
        await Begin(id, context!.BackgroundJob.Id);
        try
        {
            await freeSlots.WaitAsync(queueStops);
            freeSlots.Release();
        }
        catch (OperationCanceledException)
        {
            // The queue is closed. The job runs on.
        }
    }

    /// <summary>Waits until the jobs that run have stopped. They stop with the service.</summary>
    public Task Drain() => Task.WhenAll(running.Values);

    /// <inheritdoc/>
    public void Dispose() => freeSlots.Dispose();

    private async Task Begin(string id, string entry)
    {
        // The recovery of lost jobs must find the job here as soon as the database says that it runs.
        jobsByEntry[entry] = id;
        if (await Take(id, entry) is { } taken)
        {
            var holding = Task.Run(() => Hold(taken.Job, taken.Before));
            running[entry] = holding;
            _ = holding.ContinueWith(_ => Free(entry), TaskScheduler.Default);
        }
        else
        {
            Free(entry);
        }
    }

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
            await using var lease = new JobLease(store, taken, before, TimeSpan.FromSeconds(settings.TakeoverSeconds), time, log);
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
