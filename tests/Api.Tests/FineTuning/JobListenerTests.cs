using System.Collections.Concurrent;
using System.Diagnostics;
using Fovea.Api.Configuration;
using Fovea.Api.Jobs;
using Fovea.Api.Tests.Hosting;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fovea.Api.Tests.FineTuning;

/// <summary>
/// A process hears of the changes that other processes make. Nothing but an announcement ends a wait before the test fails.
/// </summary>
public sealed class JobListenerTests
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(180);

    [Fact]
    public async Task Change_of_another_process_is_heard_on_a_database_file()
    {
        using var folder = new TemporaryFolder();
        var (settings, fineTuning) = (new Settings { Data = folder.Path }, new FineTuningSettings());
        await Hear(settings, fineTuning, () => Task.CompletedTask);
    }

    [Fact, Trait("Needs", "services")]
    public async Task Change_of_another_process_is_heard_on_PostgreSQL_also_after_an_outage()
    {
        using var postgres = new Postgres();
        var settings = new FineTuningSettings { Database = postgres.Connection("heard") };
        await Hear(new Settings(), settings, () =>
        {
            postgres.Stop();
            postgres.Start();
            return Task.CompletedTask;
        });
    }

    [Fact, Trait("Needs", "services")]
    public async Task Idle_workers_leave_PostgreSQL_alone()
    {
        using var postgres = new Postgres();
        var commands = new ConcurrentQueue<Activity>();
        await using var first = await Workshop.Start($"--Fovea:Database={postgres.Connection("idle")}");
        await using var second = await Workshop.Start($"--Fovea:Database={postgres.Connection("idle")}");
        await using var third = await Workshop.Start($"--Fovea:Database={postgres.Connection("idle")}");
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Npgsql",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = commands.Enqueue,
        };

        // Each worker sends commands to its queue when it starts; these do not count.
        await Task.Delay(TimeSpan.FromSeconds(3), TestContext.Current.CancellationToken);
        ActivitySource.AddActivityListener(listener);
        await Task.Delay(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);
        string[] texts =
        [
            .. commands.Where(IsOurs).Select(command => $"{command.GetTagItem("db.query.text")}").Where(LooksForWork),
        ];

        // Three workers that looked for jobs and for entries each second would send more than 60 commands in this time. The gauge of jobs
        // asks every ten seconds.
        Assert.True(texts.Length is > 0 and < 45, string.Join('\n', texts));

        // Hangfire's housekeeping after a start is left out.
        static bool LooksForWork(string text) =>
            text.Contains("\"Jobs\"", StringComparison.Ordinal) || text.Contains("\"jobqueue\"", StringComparison.Ordinal);

        static bool IsOurs(Activity command) => command.TagObjects.Any(tag => tag.Value is "idle");
    }

    private static async Task Hear(Settings settings, FineTuningSettings fineTuning, Func<Task> outage)
    {
        var stop = TestContext.Current.CancellationToken;
        using var here = new StateDatabase(settings, fineTuning);
        using var there = new StateDatabase(settings, fineTuning);
        var store = new JobStore(there, TimeProvider.System);
        var announcer = new JobAnnouncer(TimeProvider.System);
        await store.Add(NewJob.Of("ftjob-1"), stop);
        using var listener = new JobListener(
            here, new JobStore(here, TimeProvider.System), announcer, TimeProvider.System, NullLogger<JobListener>.Instance);
        using var job = announcer.Follow("ftjob-1");
        using var queue = announcer.FollowQueue();
        await listener.StartAsync(stop);

        // When the listener begins, it announces a change to all who wait.
        await Announcement(job);
        await Announcement(queue);
        await store.Change("ftjob-1", now => now.Enter("1"), stop);
        await Announcement(job);
        await Announcement(queue);

        await outage();
        await Eventually.True(async () => await Changes(store));
        await Announcement(job);
        await Eventually.True(async () => await Changes(store));
        await Announcement(job);
        await listener.StopAsync(stop);
    }

    private static Task Announcement(JobSubscription subscription) =>
        subscription.Wait(Timeout.InfiniteTimeSpan, TestContext.Current.CancellationToken).WaitAsync(Longest);

    // Returns false while the database does not answer.
    private static async Task<bool> Changes(JobStore store)
    {
        try
        {
            await store.Change("ftjob-1", job => job.Tell("This is told."), TestContext.Current.CancellationToken);
            return true;
        }
        catch (Exception e) when (StateDatabase.IsAway(e))
        {
            return false;
        }
    }
}
