using Fovea.Api.Jobs;
using Hangfire;
using Hangfire.InMemory;
using Hangfire.PostgreSql;
using Hangfire.PostgreSql.Factories;
using Hangfire.States;

namespace Fovea.Api.Workers;

/// <summary>
/// The queue of jobs, kept by Hangfire, which gives each entry to one worker. The queue lies on the PostgreSQL server of the setting
/// Database, or in memory without one. Opening the queue creates its tables if they are missing. Closing the queue does not stop the jobs.
/// </summary>
internal sealed class QueueEngine : IAsyncDisposable
{
    private static readonly TimeSpan BetweenPolls = TimeSpan.FromSeconds(15), LongestClosing = TimeSpan.FromSeconds(5);

    private readonly JobStorage storage;
    private readonly BackgroundJobServer server;
    private readonly BackgroundJobClient client;

    /// <summary>Opens the queue, and starts to pass its entries to a runner.</summary>
    /// <exception cref="Exception">The database cannot be reached.</exception>
    public QueueEngine(FineTuningSettings settings, JobRunner runner)
    {
        storage = settings.Database.Length == 0 ? new InMemoryStorage() : new PostgreSqlStorage(Connections(settings), Options(settings));
        client = new BackgroundJobClient(storage);
        server = new BackgroundJobServer(
            new BackgroundJobServerOptions
            {
                // One thread fetches entries, and only while the runner has a free slot. The jobs run on threads of their own.
                WorkerCount = 1,
                Activator = new Activator(runner),
                ShutdownTimeout = LongestClosing,

                // The service schedules no entries for later.
                SchedulePollingInterval = TimeSpan.FromMinutes(5),
            },
            storage);
    }

    /// <summary>Adds an entry for a job to the queue.</summary>
    /// <param name="job">The id of the job.</param>
    /// <returns>The id of the entry.</returns>
    public string Enqueue(string job) => client.Enqueue<JobRunner>(runner => runner.Run(job, null, CancellationToken.None));

    /// <summary>
    /// Looks for entries now. Without this call, entries that another process has added are found only after 15 s.
    /// </summary>
    public void Wake()
    {
        if (storage is PostgreSqlStorage server)
        {
            (server.QueueProviders.GetProvider(EnqueuedState.DefaultQueue).GetJobQueue() as PostgreSqlJobQueue)?.FetchNextJob();
        }
    }

    /// <summary>Stops fetching entries. Waits at most 5 s for a fetch that is under way.</summary>
    public async ValueTask DisposeAsync()
    {
        server.SendStop();
        await server.WaitForShutdownAsync(CancellationToken.None);
        (storage as IDisposable)?.Dispose();
    }

    private static NpgsqlConnectionFactory Connections(FineTuningSettings settings) => new(settings.Database, Options(settings));

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

    private sealed class Activator(JobRunner runner) : JobActivator
    {
        public override JobActivatorScope BeginScope(JobActivatorContext context) => new Scope(runner);
    }

    // Hangfire's own scope would dispose of the runner after each entry.
    private sealed class Scope(JobRunner runner) : JobActivatorScope
    {
        public override object Resolve(Type type) => runner;
    }
}
