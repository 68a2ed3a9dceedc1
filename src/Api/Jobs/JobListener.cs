using System.Data.Common;
using Fovea.Api.Telemetry;
using Npgsql;

namespace Fovea.Api.Jobs;

/// <summary>
/// Listens for changes of jobs that any process has committed, on one connection for the whole process, and announces them. PostgreSQL
/// sends them with NOTIFY (<see cref="AnnouncedTransaction"/>). For SQLite, the number PRAGMA data_version is read twice a second: it
/// changes with each commit of another connection, and the revisions of the jobs then show which of them have changed. After an outage
/// everything is announced, because changes may have been missed.
/// </summary>
internal sealed class JobListener(
    StateDatabase database, JobStore store, JobAnnouncer announcer, TimeProvider time, ILogger<JobListener> log) : BackgroundService
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(500), BetweenTries = TimeSpan.FromSeconds(1);

    private bool isAway;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        for (; ; await Task.Delay(BetweenTries, time, stoppingToken))
        {
            if (!database.Exists)
            {
                continue;
            }

            try
            {
                await using var connection = await database.Connect(stoppingToken);
                await (connection is NpgsqlConnection server ? Listen(server, stoppingToken) : Compare(connection, stoppingToken));
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                if (!isAway)
                {
                    log.JobsUnreachable(StateDatabase.Reason(e));
                }

                isAway = true;
            }
        }
    }

    private async Task Listen(NpgsqlConnection connection, CancellationToken stop)
    {
        connection.Notification += (_, heard) =>
        {
            var (job, isWaiting) = JobNotice.Parse(heard.Payload);
            announcer.Announce(job, isWaiting);
        };
        await using (var listen = new NpgsqlCommand($"LISTEN {JobNotice.Channel}", connection))
        {
            await listen.ExecuteNonQueryAsync(stop);
        }

        isAway = false;
        announcer.AnnounceAll();
        while (true)
        {
            await connection.WaitAsync(stop);
        }
    }

    private async Task Compare(DbConnection connection, CancellationToken stop)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA data_version";
        using var looks = new PeriodicTimer(BetweenLooks, time);
        IReadOnlyDictionary<string, long> known = new Dictionary<string, long>();
        for (object? before = null; ; await looks.WaitForNextTickAsync(stop))
        {
            var now = await command.ExecuteScalarAsync(stop);
            isAway = false;
            if (!Equals(now, before))
            {
                before = now;
                known = await AnnounceChanges(known, stop);
            }
        }
    }

    // Announces the jobs whose revision differs from the known one. A job that is not known was not subscribed to at the last look, so it
    // may have changed since the subscription. Returns the present revisions.
    private async Task<IReadOnlyDictionary<string, long>> AnnounceChanges(IReadOnlyDictionary<string, long> known, CancellationToken stop)
    {
        var followed = announcer.Followed;
        var revisions = await store.Revisions(followed, stop);
        foreach (var job in followed)
        {
            if (!known.TryGetValue(job, out long before) || !revisions.TryGetValue(job, out long now) || now != before)
            {
                announcer.Announce(job, isWaiting: false);
            }
        }

        announcer.AnnounceQueue();
        return revisions;
    }
}
