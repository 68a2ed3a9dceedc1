using Fovea.Api.Jobs;
using Fovea.Api.Telemetry;
using Fovea.Models.Graphs;

namespace Fovea.Api.Workers;

/// <summary>
/// Enters waiting jobs into the queue, and recovers lost ones, each second. The database is the truth: an entry of the queue counts only
/// while its job names it, so entries may be lost or doubled, and the queue itself may be lost and opened anew.
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
                // A service that only classifies creates neither the tables nor a queue.
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

    // After any error the queue is closed and opened anew. This restores its tables, and skips its growing pauses between attempts.
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
                    // A queue in memory begins empty.
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

    // False: the queue has lost entries, and must be opened anew.
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
