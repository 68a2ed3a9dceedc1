using Fovea.Api.Jobs;
using Fovea.Api.Telemetry;
using Fovea.Models.Graphs;

namespace Fovea.Api.Workers;

/// <summary>
/// Each second, adds waiting jobs to the queue and recovers jobs whose worker or queue entry is lost. The job's row in the database
/// decides: an entry of the queue counts only while the row names it. So entries may be lost or doubled, and the whole queue may be lost.
/// </summary>
internal sealed class JobQueue(
    StateDatabase database, JobStore store, JobRunner runner, JobRecovery recovery, FineTuningSettings settings, TimeProvider time,
    ILogger<JobQueue> log) : BackgroundService
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(1), BetweenTries = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        try
        {
            using var looks = new PeriodicTimer(BetweenLooks, time);
            while (!database.IsMade)
            {
                // Until the first job is posted, the service creates neither the tables nor a queue.
                await looks.WaitForNextTickAsync(stoppingToken);
            }

            using var alone = database.IsShared ? null : await UntilAlone(stoppingToken);
            await Serve(looks, stoppingToken);
        }
        finally
        {
            await runner.Drain();
        }
    }

    private async Task<FileStream> UntilAlone(CancellationToken stop)
    {
        for (bool isFirst = true; ; isFirst = false)
        {
            if (database.TryLock() is { } alone)
            {
                return alone;
            }

            if (isFirst)
            {
                log.AnotherWorks();
            }

            await Task.Delay(BetweenTries, time, stop);
        }
    }

    // After an error, closes the queue and opens a new one. This restores the queue's tables, and avoids Hangfire's growing pauses between
    // attempts.
    private async Task Serve(PeriodicTimer looks, CancellationToken stop)
    {
        for (bool isAway = false; ;)
        {
            try
            {
                await (await database.Open(stop)).DisposeAsync();
                await using var engine = new QueueEngine(settings, runner);
                if (!database.IsShared)
                {
                    // A queue in memory is empty after a start, so the entries that jobs name do not exist any more.
                    await recovery.ForgetEntries(await store.Active(stop), stop);
                }

                while (await Look(engine, stop))
                {
                    isAway = false;
                    await looks.WaitForNextTickAsync(stop);
                }
            }
            catch (Exception e) when (!stop.IsCancellationRequested)
            {
                if (!isAway)
                {
                    log.JobsUnreachable(StateDatabase.Reason(e));
                }

                isAway = true;
                await looks.WaitForNextTickAsync(stop);
            }
        }
    }

    // Returns false if the queue has lost entries, so that it must be opened again.
    private async Task<bool> Look(QueueEngine engine, CancellationToken stop)
    {
        var active = await store.Active(stop);
        await recovery.ReleaseLost(active, stop);
        if (await recovery.ForgetLostEntries(active, stop))
        {
            log.EntriesLost();
            return false;
        }

        foreach (var job in active.Where(job => job.IsWaiting && job.QueueEntry is null))
        {
            var entry = engine.Enqueue(job.Id);
            await store.Change(job.Id, now => now.Enter(entry), stop);
        }

        return true;
    }
}
