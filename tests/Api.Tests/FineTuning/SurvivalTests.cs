using System.Diagnostics;
using Fovea.Api.Tests.Hosting;
using Fovea.Api.Tests.Problems;

namespace Fovea.Api.Tests.FineTuning;

/// <summary>An interrupted job ends with the same file as an undisturbed one.</summary>
[Trait("Needs", "time")]
public sealed class SurvivalTests
{
    // The number of epochs that gives some seconds of training, so that a test can stop it in the middle even on a busy machine.
    private const int Epochs = 500;

    [Fact]
    public async Task Paused_job_and_job_with_a_killed_trainer_give_the_file_of_an_undisturbed_job()
    {
        await using var workshop = await Workshop.Start("--Fovea:TrainingJobs=3");
        var dataset = await workshop.Upload();
        await workshop.Until(await workshop.Create(dataset, "alone", Epochs), "succeeded");

        var paused = await workshop.Create(dataset, "paused", Epochs);
        await workshop.UntilTold(paused, "Checkpoint");
        Assert.Equal("paused", (await workshop.Post(paused, "pause")).GetProperty("status").GetString());
        (await workshop.Post(paused, "pause", 409)).IsProblem(409, "conflict", $"{paused} is paused");
        await Eventually.True(() => Task.FromResult(workshop.Trainers() is []));

        // As if the lines of these epochs had not been read before the checkpoint was written.
        await workshop.Sql("DELETE FROM Events WHERE Message LIKE 'Epoch %'");

        var killed = await workshop.Create(dataset, "killed", Epochs);
        await workshop.UntilTold(killed, "Checkpoint");
        Assert.Single(workshop.Trainers()).Kill();
        Assert.Equal("queued", (await workshop.Post(paused, "resume")).GetProperty("status").GetString());
        (await workshop.Post(killed, "resume", 409)).IsProblem(409, "conflict", $"{killed} is running");
        await workshop.Until(paused, "succeeded");
        await workshop.Until(killed, "succeeded");
        Assert.Contains(await workshop.Follow(killed), e => e.Message.Contains("killed", StringComparison.Ordinal));
        Workshop.HasEachEpochOnce(await workshop.Told(paused), Epochs);
        Workshop.HasEachEpochOnce(await workshop.Told(killed), Epochs);
        Assert.Equal(workshop.Model("alone"), workshop.Model("paused"));
        Assert.Equal(workshop.Model("alone"), workshop.Model("killed"));
    }

    [Fact]
    public async Task Killed_and_stopped_services_continue_their_jobs_after_a_restart()
    {
        await using var workshop = Workshop.OfProcesses();
        var first = await workshop.StartProcess("both");
        var dataset = await workshop.Upload();
        var job = await workshop.Create(dataset, "killed", Epochs);
        var waiting = await workshop.Create(dataset, "alone", Epochs);
        await workshop.UntilTold(job, "Checkpoint");
        first.Kill();

        var second = await workshop.StartProcess("both");
        await Eventually.True(
            async () => (await workshop.Told(job)).Count(message => message.StartsWith("Training on", StringComparison.Ordinal)) == 2);
        second.Terminate();
        Assert.Equal(0, (await second.Exit()).Code);

        await workshop.StartProcess("both");
        await workshop.Until(job, "succeeded");
        await workshop.Until(waiting, "succeeded");
        var told = await workshop.Follow(job);
        Assert.Equal(Enumerable.Range(1, told.Length), told.Select(e => e.Number));
        Assert.Contains(told, e => e.Message.Contains("was restarted", StringComparison.Ordinal));
        Assert.Contains(told, e => e.Message.Contains("is stopping", StringComparison.Ordinal));
        Assert.Equal(workshop.Model("alone"), workshop.Model("killed"));
        Assert.Equal([1], workshop.Versions("killed"));
    }

    /// <summary>The recipe that a job gets from an upgraded service may differ from that of its checkpoint.</summary>
    [Fact]
    public async Task Job_with_a_checkpoint_of_other_settings_begins_anew()
    {
        await using var workshop = await Workshop.Start();
        var job = await workshop.Create(await workshop.Upload(), "shapes", Epochs);
        await workshop.UntilTold(job, "Checkpoint");
        await workshop.Post(job, "pause");
        await Eventually.True(() => Task.FromResult(workshop.Trainers() is []));
        var checkpoint = Assert.Single(Directory.GetFiles(workshop.Data, "*.checkpoint", SearchOption.AllDirectories));
        var bytes = await File.ReadAllBytesAsync(checkpoint, TestContext.Current.CancellationToken);
        bytes[bytes.AsSpan().IndexOf("flip=0.5"u8) + "flip=0.".Length] = (byte)'6';
        await File.WriteAllBytesAsync(checkpoint, bytes, TestContext.Current.CancellationToken);
        await workshop.Post(job, "resume");
        await workshop.Until(job, "succeeded");
        Assert.Contains(
            await workshop.Told(job),
            message => message.StartsWith("Training cannot go on from the checkpoint and begins anew.", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Killed_evaluation_is_repeated()
    {
        await using var workshop = await Workshop.Start();
        var dataset = await workshop.Upload();
        await workshop.Until(await workshop.Create(dataset), "succeeded");
        var job = await workshop.Create(dataset);
        IReadOnlyList<Process> evaluations = [];
        await Eventually.True(() => Task.FromResult((evaluations = workshop.Trainers("evaluate")) is not []));
        evaluations[0].Kill();
        await workshop.Until(job, "succeeded");
        Assert.Contains(
            await workshop.Told(job),
            message => message.StartsWith("The evaluation ended because it was killed", StringComparison.Ordinal));
        Assert.Equal(workshop.Model("shapes"), workshop.Model("shapes", version: 2));
    }
}
