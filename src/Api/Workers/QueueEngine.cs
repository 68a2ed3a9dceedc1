using Fovea.Api.Jobs;
using Hangfire;
using Hangfire.InMemory;
using Hangfire.PostgreSql;
using Hangfire.PostgreSql.Factories;
using Hangfire.Server;
using Hangfire.States;

namespace Fovea.Api.Workers;

/// <summary>
/// The queue of jobs, kept by Hangfire, which gives each entry to one worker. The queue lies on the PostgreSQL server of the setting
/// Database, or in memory without one. Opening the queue creates its tables if they are missing. Closing the queue does not stop the jobs.
/// Hangfire's storage and its server are used, but not its own worker: it also writes states, history and counters, with several times as
/// many statements, and the job's row has all these already.
/// </summary>
internal sealed class QueueEngine : IAsyncDisposable
{
    private static readonly TimeSpan BetweenPolls = TimeSpan.FromSeconds(15), LongestClosing = TimeSpan.FromSeconds(5);

    // Hangfire deletes an entry after this time, even if the job still waits. So the time is longer than any job waits; an entry that a
    // worker has taken is deleted by EntryReader.
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(3_650);

    private readonly JobStorage storage;
    private readonly BackgroundProcessingServer server;
    private readonly TimeProvider time;

    /// <summary>Opens the queue, and starts to pass its entries to a runner.</summary>
    /// <exception cref="Exception">The database cannot be reached.</exception>
    public QueueEngine(FineTuningSettings settings, JobRunner runner, TimeProvider time)
    {
        this.time = time;
        storage = settings.Database.Length == 0
            ? new InMemoryStorage(new InMemoryStorageOptions { MaxExpirationTime = null })
            : new PostgreSqlStorage(Connections(settings), Options(settings));
        server = new BackgroundProcessingServer(
            storage,
            [new EntryReader(runner)],
            new Dictionary<string, object>(),
            new BackgroundProcessingServerOptions { ShutdownTimeout = LongestClosing });
    }

    /// <summary>Adds the entries that jobs name to the queue.</summary>
    public void Enqueue(IReadOnlyList<Job> jobs)
    {
        using var connection = storage.GetConnection();
        using var transaction = connection.CreateWriteTransaction();
        foreach (var (id, entry) in jobs.Select(job => (job.Id, job.QueueEntry!)))
        {
            var call = Hangfire.Common.Job.FromExpression<JobRunner>(runner => runner.Begin(id, entry, CancellationToken.None));
            var number = connection.CreateExpiredJob(call, new Dictionary<string, string>(), time.GetUtcNow().UtcDateTime, LongestWait);
            transaction.AddToQueue(EnqueuedState.DefaultQueue, number);
        }

        transaction.Commit();
    }

    /// <summary>
    /// Looks for entries now. Without this call, entries that another process has added are found only after 15 s.
    /// </summary>
    public void Wake()
    {
        if (storage is PostgreSqlStorage shared)
        {
            (shared.QueueProviders.GetProvider(EnqueuedState.DefaultQueue).GetJobQueue() as PostgreSqlJobQueue)?.FetchNextJob();
        }
    }

    /// <summary>Stops fetching entries. Waits at most 5 s for a fetch that is under way.</summary>
    public async ValueTask DisposeAsync()
    {
        server.SendStop();
        await server.WaitForShutdownAsync(CancellationToken.None);
        (storage as IDisposable)?.Dispose();
    }

    private static NpgsqlConnectionFactory Connections(FineTuningSettings settings) => new(settings.PooledDatabase, Options(settings));

    private static PostgreSqlStorageOptions Options(FineTuningSettings settings) => new()
    {
        // A worker that fetched an entry keeps it by renewing it. Without this option, Hangfire would give the entry to another worker
        // after half an hour.
        UseSlidingInvisibilityTimeout = true,
        InvisibilityTimeout = TimeSpan.FromSeconds(settings.TakeoverSeconds),
        QueuePollInterval = BetweenPolls,

        // Hangfire itself does not retry: `JobQueue`, which opens the queue, does.
        StartupConnectionMaxRetries = 0,
    };

    /// <summary>Takes entries from the queue, one at a time, and only while the runner has a free slot.</summary>
    private sealed class EntryReader(JobRunner runner) : IBackgroundProcess
    {
        public void Execute(BackgroundProcessContext context)
        {
            runner.UntilFree(context.StoppingToken).GetAwaiter().GetResult();
            using var connection = context.Storage.GetConnection();
            using var fetched = connection.FetchNextJob([EnqueuedState.DefaultQueue], context.StoppingToken);

            // An entry that an older release added names no job of this form. It is dropped.
            if (connection.GetJobData(fetched.JobId)?.Job?.Args is [string job, string entry, ..])
            {
                runner.Begin(job, entry, context.StoppingToken).GetAwaiter().GetResult();
            }

            // Hangfire's cleanup deletes the data of an expired entry. The data expires first: if the process ends in between, the queue
            // hands out the entry again, and it does nothing, because its job does not wait.
            using var done = connection.CreateWriteTransaction();
            done.ExpireJob(fetched.JobId, TimeSpan.Zero);
            done.Commit();
            fetched.RemoveFromQueue();
        }
    }
}
