using Fovea.Api.Jobs;
using Hangfire;
using Hangfire.InMemory;
using Hangfire.PostgreSql;
using Hangfire.PostgreSql.Factories;

namespace Fovea.Api.Workers;

/// <summary>
/// Hangfire, which hands entries of the queue to the workers: on the PostgreSQL server that the settings name, else in memory. Opening it
/// creates its tables if they are missing. Closing it does not stop the jobs.
/// </summary>
internal sealed class QueueEngine : IAsyncDisposable
{
    private static readonly TimeSpan BetweenPolls = TimeSpan.FromSeconds(1), LongestClosing = TimeSpan.FromSeconds(5);

    private readonly JobStorage storage;
    private readonly BackgroundJobServer server;
    private readonly BackgroundJobClient client;

    /// <summary>Opens the queue, and begins to hand entries to a runner.</summary>
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
                SchedulePollingInterval = TimeSpan.FromSeconds(5),
            },
            storage);
    }

    /// <summary>Adds an entry for a job.</summary>
    /// <returns>The id of the entry.</returns>
    public string Enqueue(string job) => client.Enqueue<JobRunner>(runner => runner.Run(job, null, CancellationToken.None));

    /// <summary>Stops fetching; waits at most 5 s for a fetch under way.</summary>
    public async ValueTask DisposeAsync()
    {
        server.SendStop();
        await server.WaitForShutdownAsync(CancellationToken.None);
        (storage as IDisposable)?.Dispose();
    }

    private static NpgsqlConnectionFactory Connections(FineTuningSettings settings) => new(settings.Database, Options(settings));

    private static PostgreSqlStorageOptions Options(FineTuningSettings settings) => new()
    {
        // The holder of an entry keeps it by renewing it. Without this, Hangfire would give the entry to another worker after half an hour.
        UseSlidingInvisibilityTimeout = true,
        InvisibilityTimeout = TimeSpan.FromSeconds(settings.TakeoverSeconds),
        QueuePollInterval = BetweenPolls,

        // The caller tries again by itself.
        StartupConnectionMaxRetries = 0,
    };

    private sealed class Activator(JobRunner runner) : JobActivator
    {
        public override JobActivatorScope BeginScope(JobActivatorContext context) => new Scope(runner);
    }

    // Hangfire's own scope would dispose the runner after each entry.
    private sealed class Scope(JobRunner runner) : JobActivatorScope
    {
        public override object Resolve(Type type) => runner;
    }
}
