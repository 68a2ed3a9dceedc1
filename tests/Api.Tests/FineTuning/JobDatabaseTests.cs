using Fovea.Api.Tests.Hosting;
using Fovea.Api.Tests.Problems;
using Fovea.Api.Workers;

namespace Fovea.Api.Tests.FineTuning;

/// <summary>The database of jobs is created when a job needs it, and jobs survive a full database.</summary>
[Trait("Needs", "time")]
public sealed class JobDatabaseTests
{
    [Fact]
    public async Task Database_is_created_when_the_first_job_needs_it()
    {
        await using var workshop = await Workshop.Start();
        await workshop.Service.Get<JobSweep>().Sweep(TestContext.Current.CancellationToken);
        var dataset = await workshop.Upload();
        await Task.Delay(TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken);
        Assert.False(workshop.HasDatabase);
        await workshop.Until(await workshop.Create(dataset), "succeeded");
        Assert.True(workshop.HasDatabase);
    }

    [Fact]
    public async Task Job_continues_after_the_database_was_full_and_the_log_reports_the_outage()
    {
        await using var workshop = await Workshop.Start();
        var job = await workshop.Create(await workshop.Upload(), epochs: 500);
        await workshop.UntilTold(job, "Checkpoint");
        await workshop.Sql("CREATE TRIGGER full BEFORE UPDATE ON Jobs BEGIN SELECT RAISE(ABORT, 'the disk is full'); END");
        await workshop.Service.Logs.Until("cannot be reached or written to; retrying: SQLite Error 19: 'the disk is full'");
        (await workshop.Post(job, "pause", 503)).IsProblem(503, "unavailable", "reached or written to");
        Assert.Equal(200, (await workshop.Service.Post("/classify/lenet5", Images.Digit.As(null))).Status);

        await workshop.Sql("DROP TRIGGER full");
        await workshop.Until(job, "succeeded");
        Assert.Equal([1], workshop.Versions("shapes"));
    }

    [Fact]
    public async Task Version_number_is_chosen_after_the_database_was_full()
    {
        await using var workshop = await Workshop.Start();
        var job = await workshop.Create(await workshop.Upload());
        await workshop.Sql("CREATE TRIGGER full BEFORE UPDATE OF Version ON Jobs BEGIN SELECT RAISE(ABORT, 'the disk is full'); END");
        await workshop.Service.Logs.Until("cannot be reached or written to; retrying: SQLite Error 19: 'the disk is full'");
        await workshop.Sql("DROP TRIGGER full");
        await workshop.Until(job, "succeeded");
        Assert.Equal([1], workshop.Versions("shapes"));
    }
}
