using Fovea.Api.Configuration;
using Fovea.Api.Jobs;
using Fovea.Api.Workers;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fovea.Api.Tests.FineTuning;

public sealed class StateTests
{
    [Fact]
    public async Task Migrations_create_the_tables_that_the_model_describes()
    {
        using var folder = new TemporaryFolder();
        using var database = new StateDatabase(new Settings { Data = folder.Path }, new FineTuningSettings());
        await using var migrated = await database.Open(TestContext.Current.CancellationToken);
        await using var created = new FineTuningContext(
            new DbContextOptionsBuilder<FineTuningContext>().UseSqlite($"Data Source={folder["created.db"]}").Options);
        await created.Database.EnsureCreatedAsync(TestContext.Current.CancellationToken);
        const string Columns =
            "SELECT m.name || '.' || c.name || ' ' || c.type || ' ' || c.\"notnull\" || ' ' || c.pk AS Value FROM sqlite_master m, "
                + "pragma_table_info(m.name) c WHERE m.name NOT LIKE '\\_\\_%' ESCAPE '\\' ORDER BY 1";
        Assert.Equal(await Rows(created, Columns), await Rows(migrated, Columns));
        const string Indexes =
            "SELECT name || ' ' || coalesce(sql, '') AS Value FROM sqlite_master WHERE type = 'index' AND tbl_name NOT LIKE '\\_\\_%' "
                + "ESCAPE '\\' ORDER BY 1";
        Assert.Equal(await Rows(created, Indexes), await Rows(migrated, Indexes));
    }

    [Fact]
    public async Task Worker_that_has_lost_its_job_cannot_write_to_it()
    {
        using var folder = new TemporaryFolder();
        using var database = new StateDatabase(new Settings { Data = folder.Path }, new FineTuningSettings());
        var store = new JobStore(database, TimeProvider.System);
        await store.Add(NewJob.Of("ftjob-1"), TestContext.Current.CancellationToken);
        await using var first = await Take(store, "1");
        await first.Change(job => job.Tell("The first says this."));
        await store.Change("ftjob-1", job => job.Release("The first is lost."), TestContext.Current.CancellationToken);
        await using var second = await Take(store, "2");
        var checkpoint = new JobCheckpoint { JobId = "ftjob-1", Step = 1, CreatedAt = 0, Metrics = "{}" };
        await first.Post(job => job.Tell("The first says more."), checkpoint);
        await Assert.ThrowsAsync<OperationCanceledException>(() => first.Change(job => job.Tell("The first says even more.")));
        await Assert.ThrowsAsync<OperationCanceledException>(() => first.Advance(job => job.Succeed("The first is done.")));
        await second.Change(job => job.Tell("The second says this."));
        Assert.Equal(5, (await store.EventsAfter("ftjob-1", 0, 100, TestContext.Current.CancellationToken)).Count);
        Assert.Empty(await store.CheckpointsBefore("ftjob-1", long.MaxValue, 100, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Outdated_entry_of_the_queue_starts_nothing()
    {
        using var folder = new TemporaryFolder();
        using var database = new StateDatabase(new Settings { Data = folder.Path }, new FineTuningSettings());
        var store = new JobStore(database, TimeProvider.System);
        await store.Add(NewJob.Of("ftjob-1"), TestContext.Current.CancellationToken);
        await store.Change("ftjob-1", job => job.Enter("1"), TestContext.Current.CancellationToken);
        foreach (var (entry, expected) in new[] { ("2", false), ("1", true), ("1", false) })
        {
            bool begun = !expected;
            await store.Change("ftjob-1", job => begun = job.TryBegin(entry, "worker", 1), TestContext.Current.CancellationToken);
            Assert.Equal(expected, begun);
        }
    }

    [Fact]
    public async Task Concurrent_events_have_numbers_without_gaps()
    {
        using var folder = new TemporaryFolder();
        using var database = new StateDatabase(new Settings { Data = folder.Path }, new FineTuningSettings());
        var store = new JobStore(database, TimeProvider.System);
        await store.Add(NewJob.Of("ftjob-1"), TestContext.Current.CancellationToken);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(teller => Task.Run(async () =>
        {
            for (int i = 0; i < 10; i++)
            {
                await store.Change("ftjob-1", job => job.Tell($"{teller} {i}"), TestContext.Current.CancellationToken);
            }
        })));
        var events = await store.EventsAfter("ftjob-1", 0, 100, TestContext.Current.CancellationToken);
        Assert.Equal(Enumerable.Range(1, 40), events.Select(e => (int)e.Number));
        Assert.Equal(40, events.Select(e => e.Message).Distinct().Count());
    }

    private static async Task<HeldJob> Take(JobStore store, string entry)
    {
        bool begun = false;
        var stop = TestContext.Current.CancellationToken;
        var job = await store.Change("ftjob-1", job => begun = job.TryBegin(entry, "worker", 1), stop);
        Assert.True(begun);
        return new HeldJob(store, job, TimeProvider.System, NullLogger.Instance, CancellationToken.None);
    }

    private static async Task<string[]> Rows(FineTuningContext context, string sql) =>
        await context.Database.SqlQueryRaw<string>(sql).ToArrayAsync(TestContext.Current.CancellationToken);
}
