using Fovea.Api.Configuration;
using Fovea.Api.Jobs;
using Fovea.Api.Tests.Hosting;
using Microsoft.EntityFrameworkCore;

namespace Fovea.Api.Tests.FineTuning;

/// <summary>Jobs survive a PostgreSQL server that stops, or loses Hangfire's tables, during their work.</summary>
[Trait("Needs", "services")]
public sealed class OutageTests : IDisposable
{
    // The number of epochs that gives some seconds of training.
    private const int Epochs = 300, Lease = 10;

    private readonly Postgres postgres = new();

    public static TheoryData<string> Losses => new("DROP SCHEMA hangfire CASCADE", "DELETE FROM hangfire.jobqueue");

    [Fact]
    public async Task Job_survives_outages_with_the_same_file_and_stops_only_when_its_lease_expires()
    {
        await using var workshop = await Start();
        var dataset = await workshop.Upload();
        await workshop.Until(await workshop.Create(dataset, "alone", Epochs), "succeeded");
        foreach (var (seconds, suffix) in new[] { (1, "short"), (8, "long") })
        {
            var job = await workshop.Create(dataset, suffix, Epochs);
            await workshop.UntilTold(job, "Checkpoint");
            var outage = await Outage(workshop, job, TimeSpan.FromSeconds(seconds));
            await workshop.Until(job, "succeeded");

            var told = await workshop.Follow(job);
            Assert.Equal(Enumerable.Range(1, told.Length), told.Select(e => e.Number));
            int interruptions = told.Count(e => e.Message.StartsWith("The database could not be reached", StringComparison.Ordinal));

            // A worker that may not have renewed its lease for two seconds before the outage loses it in a longer one.
            Assert.InRange(interruptions, 0, outage < TimeSpan.FromSeconds(Lease - 2) ? 0 : 1);

            // Training that ended before the interruption is not started again.
            Assert.InRange(told.Count(e => e.Message.StartsWith("Training on", StringComparison.Ordinal)), 1, interruptions + 1);
            Workshop.HasEachEpochOnce(told.Select(e => e.Message), Epochs);
            Assert.DoesNotContain(told, e => e.Message.StartsWith("The worker was lost", StringComparison.Ordinal));
            Assert.Equal(workshop.Model("alone"), workshop.Model(suffix));
            Assert.Equal([1], workshop.Versions(suffix));
        }

        Assert.Equal("", string.Join('\n', workshop.Service.Logs.Errors));
    }

    [Theory, MemberData(nameof(Losses))]
    public async Task Jobs_finish_even_if_the_queue_loses_its_tables_or_entries(string loss)
    {
        await using var workshop = await Start();
        var dataset = await workshop.Upload();
        var busy = await workshop.Create(dataset, "busy", epochs: 100_000);
        await workshop.UntilTold(busy, "Checkpoint");
        var waiting = await workshop.Create(dataset, "waiting");
        await workshop.Until(waiting, "queued");
        await Sql(loss);
        var late = await workshop.Create(dataset, "late");
        await workshop.Until(late, "queued");
        await workshop.Post(busy, "cancel");
        foreach (var job in (string[])[waiting, late])
        {
            await workshop.Until(job, "succeeded");
            Assert.Single(await workshop.Told(job), message => message == "The job has begun.");
        }

        Assert.Equal("", string.Join('\n', workshop.Service.Logs.Errors));
    }

    [Fact]
    public async Task Running_job_of_an_unknown_worker_is_taken_over_and_ends_with_a_reason()
    {
        using (var database = new StateDatabase(new Settings(), new FineTuningSettings { Database = postgres.Connection() }))
        {
            var store = new JobStore(database, TimeProvider.System);
            await store.Add(NewJob.Of("ftjob-stranded"), TestContext.Current.CancellationToken);
            var entered = await store.Change("ftjob-stranded", job => job.TryBegin("1", "gone", 1), TestContext.Current.CancellationToken);
            Assert.Equal(JobStatus.Running, entered.Status);
        }

        await using var workshop = await Start();
        var ended = await workshop.Until("ftjob-stranded", "failed");
        Assert.Equal("bad_dataset", ended.GetProperty("error").GetProperty("code").GetString());
        var told = await workshop.Told("ftjob-stranded");
        Assert.Contains(told, message => message.StartsWith("The worker was lost", StringComparison.Ordinal));
    }

    public void Dispose() => postgres.Dispose();

    private Task<Workshop> Start() => Workshop.Start($"--Fovea:Database={postgres.Connection()}", $"--Fovea:TakeoverSeconds={Lease}");

    // Returns the real length of the outage, which is longer if a busy machine stops and starts the server slowly.
    private async Task<TimeSpan> Outage(Workshop workshop, string job, TimeSpan length)
    {
        long began = TimeProvider.System.GetTimestamp();
        postgres.Stop();
        await Task.Delay(length, TestContext.Current.CancellationToken);
        postgres.Start();

        // Requests may still meet connections that the server has closed.
        await Eventually.True(async () =>
        {
            using var answer = await workshop.Client.GetAsync($"/fine_tuning/jobs/{job}", TestContext.Current.CancellationToken);
            return answer.IsSuccessStatusCode;
        });
        return TimeProvider.System.GetElapsedTime(began);
    }

    private async Task Sql(string statement)
    {
        var options = new DbContextOptionsBuilder<FineTuningContext>().UseNpgsql(postgres.Connection()).Options;
        await using var context = new FineTuningContext(options);
        await context.Database.ExecuteSqlRawAsync(statement, TestContext.Current.CancellationToken);
    }
}
