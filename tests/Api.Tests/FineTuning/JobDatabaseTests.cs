namespace Fovea.Api.Tests;

/// <summary>The database of jobs is there when it is needed, and jobs outlast its being full.</summary>
public sealed class JobDatabaseTests
{
    [Fact]
    public async Task Database_is_made_when_a_job_first_needs_it()
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
    public async Task Job_that_cannot_be_written_down_goes_on_when_it_can_and_the_log_says_so()
    {
        await using var workshop = await Workshop.Start();
        var job = await workshop.Create(await workshop.Upload(), epochs: 500);
        await workshop.UntilTold(job, "Checkpoint");
        await workshop.Sql("CREATE TRIGGER full BEFORE UPDATE ON Jobs BEGIN SELECT RAISE(ABORT, 'the disk is full'); END");
        await workshop.Service.Logs.Until("cannot be reached or written to; retrying: SQLite Error 19: 'the disk is full'");
        (await workshop.Post(job, "pause", 503)).IsProblem(503, "unavailable", "not be written to");
        Assert.Equal(200, (await workshop.Service.Post("/classify/lenet5", Images.Digit.As(null))).Status);

        await workshop.Sql("DROP TRIGGER full");
        await workshop.Until(job, "succeeded");
        Assert.Equal([1], workshop.Versions("shapes"));
    }

    [Fact]
    public async Task Version_that_cannot_be_written_down_is_chosen_when_it_can()
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
