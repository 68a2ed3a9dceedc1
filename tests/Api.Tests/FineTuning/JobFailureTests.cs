using System.Diagnostics;
using Fovea.Api.DatasetRepository;
using Fovea.Api.Tests.Hosting;

namespace Fovea.Api.Tests.FineTuning;

/// <summary>A failed training fails its job with the reason, and affects nothing else.</summary>
[Trait("Needs", "time")]
public sealed class JobFailureTests
{
    [Fact]
    public async Task Trainer_over_its_memory_limit_fails_its_job_and_nothing_else()
    {
        await using var workshop = await Workshop.Start("--Fovea:TrainingMemoryBytes=1000000");
        var dataset = await workshop.Upload();
        var job = await workshop.Until(await workshop.Create(dataset, epochs: 100_000), "failed");
        Assert.Equal("training_failed", job.GetProperty("error").GetProperty("code").GetString());
        Assert.Contains(
            "expected at most 1,000,000", job.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal(200, (await workshop.Service.Post("/classify/lenet5", Images.Digit.As(null))).Status);
        Assert.Empty(workshop.Service.Logs.Errors);
    }

    [Fact]
    public async Task Trainer_that_hangs_fails_its_job()
    {
        await using var workshop = await Workshop.Start("--Fovea:TrainingSilenceSeconds=15");
        var job = await workshop.Create(await workshop.Upload(), epochs: 100_000);
        await workshop.UntilTold(job, "Checkpoint");
        using (var halt = Process.Start("kill", ["-STOP", $"{Assert.Single(workshop.Trainers()).Id}"]))
        {
            await halt.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        var failed = await workshop.Until(job, "failed");
        var reason = failed.GetProperty("error").GetProperty("message").GetString();
        Assert.Contains("reported no progress for 15 seconds", reason, StringComparison.Ordinal);
        Assert.Empty(workshop.Trainers());
    }

    [Fact]
    public async Task Impossible_training_fails_with_the_message_of_the_trainer()
    {
        await using var workshop = await Workshop.Start();
        var job = await workshop.Create(await workshop.Upload(), epochs: 100_000);
        await workshop.UntilTold(job, "Checkpoint");
        await workshop.Post(job, "pause");
        await Eventually.True(() => Task.FromResult(workshop.Trainers() is []));
        Directory.Delete(workshop.Service.Get<DatasetStore>().All[0].Folder + "/val/ring", recursive: true);
        await workshop.Post(job, "resume");
        var failed = await workshop.Until(job, "failed");
        Assert.Contains(
            "The folder val has no class ring, but another part has; expected the same classes in each part.",
            failed.GetProperty("error").GetProperty("message").GetString(),
            StringComparison.Ordinal);
    }
}
