using Hangfire;
using Hangfire.InMemory;
using Hangfire.PostgreSql;

namespace Fovea.Api;

/// <summary>
/// Hands the jobs that wait to Hangfire, and runs Hangfire's workers. The database is what counts: an entry of the queue is only worth something as long as its job says that it stands
/// for it, so entries may be lost or doubled. Where the database is a file, the queue is in memory and is filled again at the start.
/// </summary>
internal sealed class JobQueue(StateDatabase database, JobStore store, JobRunner runner, FineTuningSettings settings, TimeProvider time, ILogger<JobQueue> log) : BackgroundService
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(1), BetweenTries = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        using var looks = new PeriodicTimer(BetweenLooks, time);
        while (!database.IsMade)
        {
            // A service that only classifies has neither the tables nor a queue in its memory.
            await looks.WaitForNextTickAsync(stoppingToken);
        }

        using var alone = database.IsShared ? null : await UntilAlone(stoppingToken);
        var storage = await Persistently(Open, stoppingToken);
        if (!database.IsShared)
        {
            await Persistently(() => ReleaseAbandoned(stoppingToken), stoppingToken);
        }

        using var server = new BackgroundJobServer(
            new BackgroundJobServerOptions { WorkerCount = settings.TrainingJobs, Activator = new Activator(runner), ShutdownTimeout = TimeSpan.FromMinutes(2), SchedulePollingInterval = BetweenTries },
            storage);
        var client = new BackgroundJobClient(storage);
        try
        {
            while (await looks.WaitForNextTickAsync(stoppingToken))
            {
                await Persistently(() => Enqueue(client, stoppingToken), stoppingToken);
            }
        }
        finally
        {
            server.SendStop();
            await server.WaitForShutdownAsync(CancellationToken.None);
            (storage as IDisposable)?.Dispose();
        }
    }

    private async Task<FileStream> UntilAlone(CancellationToken stop)
    {
        await Persistently(async () => await (await database.Open(stop)).DisposeAsync(), stop);
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

    private async Task<JobStorage> Open()
    {
        if (!database.IsShared)
        {
            return new InMemoryStorage();
        }

        await (await database.Open(CancellationToken.None)).DisposeAsync();
        return new PostgreSqlStorage(
            new Hangfire.PostgreSql.Factories.NpgsqlConnectionFactory(settings.Database, Options()),
            Options());
    }

    private PostgreSqlStorageOptions Options() => new()
    {
        // An entry is a worker's as long as it says so; otherwise it would be given to another after half an hour, whether or not the first still works at it.
        UseSlidingInvisibilityTimeout = true,
        InvisibilityTimeout = TimeSpan.FromSeconds(settings.TakeoverSeconds),
        QueuePollInterval = BetweenLooks,
    };

    // Nobody else works at these jobs, so those that run are those of a process that is gone.
    private async Task ReleaseAbandoned(CancellationToken stop)
    {
        foreach (var job in await store.In([JobStatus.ValidatingFiles, JobStatus.Queued, JobStatus.Running], stop))
        {
            await store.Change(job.Id, now => now.Release("The service has started anew; the job goes on from its last checkpoint."), stop);
        }
    }

    private async Task Enqueue(BackgroundJobClient client, CancellationToken stop)
    {
        foreach (var job in (await store.In([JobStatus.ValidatingFiles, JobStatus.Queued], stop)).Where(job => job.QueueEntry is null))
        {
            var entry = client.Enqueue<JobRunner>(runner => runner.Run(job.Id, null, CancellationToken.None));
            await store.Change(job.Id, now => now.Enter(entry), stop);
        }
    }

    private Task<bool> Persistently(Func<Task> act, CancellationToken stop) => Persistently(
        async () =>
        {
            await act();
            return true;
        },
        stop);

    // A database that cannot be reached now may be reached later; the service goes on meanwhile.
    private async Task<T> Persistently<T>(Func<Task<T>> act, CancellationToken stop)
    {
        for (bool isFirst = true; ; isFirst = false)
        {
            try
            {
                return await act();
            }
            catch (Exception e) when (!stop.IsCancellationRequested)
            {
                if (isFirst)
                {
                    log.JobsUnreachable(StateDatabase.Reason(e));
                }

                await Task.Delay(BetweenTries, time, stop);
            }
        }
    }

    private sealed class Activator(JobRunner runner) : JobActivator
    {
        public override object ActivateJob(Type jobType) => runner;
    }
}
