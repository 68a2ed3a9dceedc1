using Microsoft.EntityFrameworkCore;

namespace Fovea.Api.Tests;

/// <summary>Jobs on a PostgreSQL server that stops, or loses Hangfire's tables, in the middle of their work.</summary>
public sealed class OutageTests : IDisposable
{
    private const int Epochs = 500;

    private readonly Postgres postgres = new();

    [Theory]
    [InlineData(1, 5, true)]
    [InlineData(8, 30, true)]
    [InlineData(8, 5, false)]
    public async Task Job_outlasts_an_outage_and_is_interrupted_only_if_its_lease_ran_out(int seconds, int lease, bool trainsOn)
    {
        await using var workshop = await Start(lease);
        var dataset = await workshop.Upload();
        await workshop.Until(await workshop.Create(dataset, "alone", Epochs), "succeeded");
        var job = await workshop.Create(dataset, "cut", Epochs);
        await workshop.UntilTold(job, "Checkpoint");
        await Outage(workshop, job, TimeSpan.FromSeconds(seconds));
        await workshop.Until(job, "succeeded");

        var told = await workshop.Follow(job);
        Assert.Equal(Enumerable.Range(1, told.Length), told.Select(e => e.Number));
        Assert.Equal(trainsOn ? 1 : 2, told.Count(e => e.Message.StartsWith("Training on", StringComparison.Ordinal)));
        Assert.Equal(trainsOn ? 0 : 1, told.Count(e => e.Message.StartsWith("The database could not be reached", StringComparison.Ordinal)));
        Assert.DoesNotContain(told, e => e.Message.StartsWith("The worker was lost", StringComparison.Ordinal));
        if (trainsOn)
        {
            Assert.Equal(Epochs, told.Count(e => e.Message.StartsWith("Epoch", StringComparison.Ordinal)));
        }

        Assert.Equal(workshop.Model("alone"), workshop.Model("cut"));
        Assert.Equal([1], workshop.Versions("cut"));
        Assert.Empty(workshop.Service.Logs.Errors);
    }

    [Fact]
    public async Task Jobs_end_although_the_queue_loses_its_tables_and_its_entries()
    {
        await using var workshop = await Start(lease: 5);
        var dataset = await workshop.Upload();
        var first = await workshop.Create(dataset, "first", Epochs);
        await workshop.UntilTold(first, "Checkpoint");
        var waiting = await workshop.Create(dataset, "waiting");
        await workshop.Until(waiting, "queued");
        await Sql("DROP SCHEMA hangfire CASCADE");
        var late = await workshop.Create(dataset, "late");
        foreach (var job in (string[])[first, waiting, late])
        {
            await workshop.Until(job, "succeeded");
        }

        Assert.Single(await workshop.Told(first), message => message.StartsWith("The job has begun", StringComparison.Ordinal));
        var busy = await workshop.Create(dataset, "busy", Epochs);
        await workshop.UntilTold(busy, "Checkpoint");
        var lost = await workshop.Create(dataset, "lost");
        await workshop.Until(lost, "queued");
        await Sql("DELETE FROM hangfire.jobqueue");
        await workshop.Until(lost, "succeeded");
        Assert.Equal([1], workshop.Versions("lost"));
        Assert.Empty(workshop.Service.Logs.Errors);
    }

    [Fact]
    public async Task Running_job_of_a_worker_that_nobody_knows_is_taken_over_and_ends_with_a_reason()
    {
        using (var database = new StateDatabase(new Settings(), new FineTuningSettings { Database = postgres.Connection() }))
        {
            var store = new JobStore(database, TimeProvider.System);
            await store.Add(NewJob.Of("ftjob-stranded"), TestContext.Current.CancellationToken);
            var entered = await store.Change("ftjob-stranded", job => job.TryBegin("1", "gone", 1), TestContext.Current.CancellationToken);
            Assert.Equal(JobStatus.Running, entered.Status);
        }

        await using var workshop = await Start(lease: 5);
        var ended = await workshop.Until("ftjob-stranded", "failed");
        Assert.Equal("bad_dataset", ended.GetProperty("error").GetProperty("code").GetString());
        Assert.Contains(await workshop.Told("ftjob-stranded"), message => message.StartsWith("The worker was lost", StringComparison.Ordinal));
    }

    public void Dispose() => postgres.Dispose();

    private Task<Workshop> Start(int lease) => Workshop.Start($"--Fovea:Database={postgres.Connection()}", $"--Fovea:TakeoverSeconds={lease}");

    private async Task Outage(Workshop workshop, string job, TimeSpan length)
    {
        postgres.Stop();
        await Task.Delay(length, TestContext.Current.CancellationToken);
        postgres.Start();

        // Requests may still meet connections that the server has closed.
        await Eventually.True(async () =>
        {
            using var answer = await workshop.Client.GetAsync($"/fine_tuning/jobs/{job}", TestContext.Current.CancellationToken);
            return answer.IsSuccessStatusCode;
        });
    }

    private async Task Sql(string statement)
    {
        var options = new DbContextOptionsBuilder<FineTuningContext>().UseNpgsql(postgres.Connection()).Options;
        await using var context = new FineTuningContext(options);
        await context.Database.ExecuteSqlRawAsync(statement, TestContext.Current.CancellationToken);
    }
}
