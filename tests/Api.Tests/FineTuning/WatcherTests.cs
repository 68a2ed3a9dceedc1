using Fovea.Api.Jobs;

namespace Fovea.Api.Tests.FineTuning;

/// <summary>All who watch jobs in one process share one reader of the database.</summary>
public sealed class WatcherTests
{
    private const int Events = 5;

    // A watcher hears of an event at once, or after 15 s if the notification is lost.
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(120);

    [Fact]
    public async Task Thousand_watchers_of_one_job_cost_a_database_file_no_more_than_ten()
    {
        await using var workshop = await Workshop.Start("--role=serve");
        using var count = new QueryCount(Path.Combine(workshop.Data, "fovea.db"));
        await Watch(workshop, count, "ftjob-ten", watchers: 10);
        await Watch(workshop, count, "ftjob-thousand", watchers: 1_000);
    }

    [Fact, Trait("Needs", "services")]
    public async Task Thousand_watchers_of_one_job_cost_PostgreSQL_no_more_than_ten()
    {
        using var postgres = new Postgres();
        await using var workshop = await Workshop.Start("--role=serve", $"--Fovea:Database={postgres.Connection("watched")}");
        using var count = new QueryCount("watched");
        await Watch(workshop, count, "ftjob-ten", watchers: 10);
        await Watch(workshop, count, "ftjob-thousand", watchers: 1_000);
    }

    // Each watcher reads each event of a job as soon as the job tells it. One reader asks twice for each event: for the job's state, and
    // for the events. So the number of reads must not grow with the number of watchers. Some more reads are allowed for reads at fixed
    // intervals, of which a slow machine makes more.
    private static async Task Watch(Workshop workshop, QueryCount count, string id, int watchers)
    {
        var stop = TestContext.Current.CancellationToken;
        var store = workshop.Service.Get<JobStore>();
        await store.Add(NewJob.Of(id), stop);
        await store.Change(id, job => job.TryBegin("1", "worker", 1), stop);
        int before = Reads();
        var arrived = new SemaphoreSlim(0);
        var watching = Enumerable.Range(0, watchers).Select(_ => workshop.FollowLive(id, () => arrived.Release())).ToArray();
        await All();
        foreach (int number in Enumerable.Range(2, Events))
        {
            await store.Change(id, job => job.Tell($"{number}"), stop);
            await All();
        }

        // The cancelled job ends the streams.
        await store.Change(id, job => job.Cancel(), stop);
        foreach (var numbers in await Task.WhenAll(watching).WaitAsync(Longest, stop))
        {
            Assert.Equal(Enumerable.Range(1, Events + 2), numbers);
        }

        Assert.InRange(Reads() - before, Events, 60);

        async Task All()
        {
            for (int left = watchers; left > 0; left--)
            {
                Assert.True(await arrived.WaitAsync(Longest, stop), $"{left} of {watchers} watchers did not get an event.");
            }
        }

        int Reads() => count.Of("SELECT") - count.Of("GROUP BY") - count.Of("pg_notify");
    }
}
