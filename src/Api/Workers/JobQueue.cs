using Fovea.Api.Jobs;
using Fovea.Api.Telemetry;

namespace Fovea.Api.Workers;

/// <summary>
/// When the queue changes, adds waiting jobs to it. From time to time, recovers jobs whose worker or queue entry is lost. The job's row in
/// the database decides: an entry of the queue counts only while the row names it. So entries may be lost or doubled, and the whole queue
/// may be lost.
/// </summary>
internal sealed class JobQueue(
    StateDatabase database, ActiveJobs active, JobAnnouncer announcer, JobRunner runner, JobRecovery recovery, FineTuningSettings settings,
    TimeProvider time, ILogger<JobQueue> log) : BackgroundService
{
    // The number of jobs that are added to the queue in one transaction.
    private const int MostTogether = 32;

    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(1), BetweenTries = TimeSpan.FromSeconds(5),
        BetweenIdleLooks = TimeSpan.FromSeconds(15);

    // All workers are notified of a new job at the same time. Each waits a random time up to this one before it looks at the jobs, so that
    // usually only one worker finds the job without an entry, and many notifications lead to one look.
    private static readonly TimeSpan LongestLag = TimeSpan.FromMilliseconds(200);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        try
        {
            using var looks = new PeriodicTimer(BetweenLooks, time);
            while (!database.Exists)
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
            try
            {
                if (database.TryLock() is { } alone)
                {
                    return alone;
                }

                if (isFirst)
                {
                    log.AnotherWorks();
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // The disk of the database is gone. An exception here would end the whole service.
                if (isFirst)
                {
                    log.JobsUnreachable(StateDatabase.Reason(e));
                }
            }

            await Task.Delay(BetweenTries, time, stop);
        }
    }

    // After an error, closes the queue and opens a new one. This restores the queue's tables, and avoids Hangfire's growing pauses between
    // attempts.
    private async Task Serve(PeriodicTimer looks, CancellationToken stop)
    {
        using var changes = announcer.FollowQueue();
        for (bool isAway = false; ;)
        {
            try
            {
                await (await database.Open(stop)).DisposeAsync();
                await using var engine = new QueueEngine(settings, runner, time);
                if (!database.IsShared)
                {
                    // A queue in memory is empty after a start, so the entries that jobs name do not exist any more.
                    await recovery.ForgetEntries(await active.Waiting(int.MaxValue, stop), stop);
                }

                while (await Look(engine, stop) is { } longest)
                {
                    isAway = false;
                    await changes.Wait(longest, stop);
                    engine.Wake();
                    await Task.Delay(database.IsShared ? LongestLag * Random.Shared.NextDouble() : TimeSpan.Zero, time, stop);
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

    // Returns the longest time to the next look; null if the queue has lost entries, so that it must be opened again.
    private async Task<TimeSpan?> Look(QueueEngine engine, CancellationToken stop)
    {
        var running = await active.Running(stop);
        await recovery.ReleaseLost(running, stop);
        var waiting = await active.Waiting(MostTogether, stop);
        if (await recovery.ForgetLostEntries(waiting, stop))
        {
            log.EntriesLost();
            return null;
        }

        if (waiting.Any(job => job.QueueEntry is null))
        {
            await AddWaiting(engine, stop);
        }

        return LongestPause(running, waiting);
    }

    private async Task AddWaiting(QueueEngine engine, CancellationToken stop)
    {
        IReadOnlyList<Job> added;
        do
        {
            added = await active.GiveEntries(MostTogether, engine.Enqueue, stop);
            if (added.Count > 0)
            {
                await active.AnnounceEntries(stop);
            }
        }
        while (added.Count == MostTogether);
    }

    // A waiting job should begin soon where a slot is free; otherwise its entry may be lost. A running job's worker may be lost, which
    // shows within some looks.
    private TimeSpan LongestPause(IReadOnlyList<Job> running, IReadOnlyList<Job> waiting) =>
        runner.HasFreeSlot && waiting.Count > 0 ? BetweenLooks
        : running.Count > 0 && TimeSpan.FromSeconds(settings.TakeoverSeconds) / 6 is var share && share < BetweenIdleLooks ? share
        : BetweenIdleLooks;
}
