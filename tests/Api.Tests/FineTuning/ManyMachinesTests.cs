using Fovea.Api.Configuration;
using Fovea.Api.Jobs;
using Fovea.Api.Tests.Hosting;
using Microsoft.EntityFrameworkCore;

namespace Fovea.Api.Tests.FineTuning;

/// <summary>Several services and workers on one PostgreSQL server and one folder.</summary>
[Trait("Needs", "services")]
public sealed class ManyMachinesTests : IDisposable
{
    private readonly Postgres postgres = new();

    [Fact]
    public async Task Other_worker_finishes_the_job_of_a_killed_worker_with_the_same_file()
    {
        await using var workshop = Workshop.OfProcesses($"--Fovea:Database={postgres.Connection()}", "--Fovea:TakeoverSeconds=5");
        await workshop.StartProcess("serve");
        var workers = await Task.WhenAll(workshop.StartProcess("train"), workshop.StartProcess("train"));
        var dataset = await workshop.Upload();
        await workshop.Until(await workshop.Create(dataset, "alone", epochs: 150), "succeeded");

        var job = await workshop.Create(dataset, "killed", epochs: 150);
        await workshop.UntilTold(job, "Checkpoint");
        var trainer = Assert.Single(workshop.Trainers());
        Assert.Single(workers, worker => worker.Id == Workshop.ParentOf(trainer)).Kill();
        await workshop.Until(job, "succeeded");
        var told = await workshop.Follow(job);
        Assert.Equal(Enumerable.Range(1, told.Length), told.Select(e => e.Number));
        Assert.Contains(told, e => e.Message.StartsWith("The worker was lost", StringComparison.Ordinal));
        Assert.Equal(workshop.Model("alone"), workshop.Model("killed"));
        Assert.Equal([1], workshop.Versions("killed"));

        using var image = Shapes.Draw(1_000, isRing: true).As(null);
        await Eventually.True(async () => (await workshop.Client.PostAsync("/classify/lenet5-killed", image)).IsSuccessStatusCode);
    }

    [Fact]
    public async Task Machines_that_start_together_create_the_database_once()
    {
        var settings = new FineTuningSettings { Database = postgres.Connection("contended") };
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(Open)));

        async Task Open()
        {
            using var database = new StateDatabase(new Settings(), settings);
            await using var context = await database.Open(TestContext.Current.CancellationToken);
            Assert.False(await context.Jobs.AnyAsync(TestContext.Current.CancellationToken));
        }
    }

    [Fact]
    public async Task Migrations_create_the_tables_that_the_model_describes()
    {
        using var database = new StateDatabase(new Settings(), new FineTuningSettings { Database = postgres.Connection("migrated") });
        await using var migrated = await database.Open(TestContext.Current.CancellationToken);
        await using var created = new FineTuningContext(
            new DbContextOptionsBuilder<FineTuningContext>().UseNpgsql(postgres.Connection("created")).Options);
        await created.Database.EnsureCreatedAsync(TestContext.Current.CancellationToken);
        const string Columns =
            "SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable AS \"Value\" FROM "
                + "information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE '\\_\\_%' ORDER BY 1";
        const string Indexes =
            "SELECT indexdef AS \"Value\" FROM pg_indexes WHERE schemaname = 'public' AND tablename NOT LIKE '\\_\\_%' ORDER BY 1";
        foreach (var sql in (string[])[Columns, Indexes])
        {
            Assert.Equal(
                await created.Database.SqlQueryRaw<string>(sql).ToArrayAsync(TestContext.Current.CancellationToken),
                await migrated.Database.SqlQueryRaw<string>(sql).ToArrayAsync(TestContext.Current.CancellationToken));
        }
    }

    public void Dispose() => postgres.Dispose();
}
