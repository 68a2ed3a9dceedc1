using System.Diagnostics;
using Fovea.Api.Tests.Hosting;

namespace Fovea.Api.Tests.FineTuning;

/// <summary>
/// A worker that stands still for longer than its lease, and then goes on, has lost its job: it publishes nothing and ends its work. Its
/// child processes are not stopped with it.
/// </summary>
[Trait("Needs", "services")]
public sealed class StoppedWorkerTests : IDisposable
{
    private readonly Postgres postgres = new();

    [Fact]
    public async Task Worker_stopped_during_training_or_publishing_publishes_nothing_when_it_goes_on()
    {
        var stop = TestContext.Current.CancellationToken;
        await using var workshop = Workshop.OfProcesses($"--Fovea:Database={postgres.Connection()}", "--Fovea:TakeoverSeconds=5");
        await workshop.StartProcess("serve");
        var workers = await Task.WhenAll(workshop.StartProcess("train"), workshop.StartProcess("train"));
        var dataset = await workshop.Upload();
        await workshop.Until(await workshop.Create(dataset, "alone", epochs: 150), "succeeded");

        var trained = await workshop.Create(dataset, "trained", epochs: 150);
        await workshop.UntilTold(trained, "Checkpoint");
        var stopped = WorkerOf(Assert.Single(workshop.Trainers()));
        stopped.Suspend();
        await workshop.Until(trained, "succeeded");
        await GoOn(trained);
        Assert.Contains(await workshop.Told(trained), told => told.StartsWith("The worker was lost", StringComparison.Ordinal));
        Assert.Equal(workshop.Model("alone"), workshop.Model("trained"));
        Assert.Equal([1], workshop.Versions("trained"));

        // The worker is stopped when it has prepared the version, after all its questions whether it still holds the job. Meanwhile the
        // version that the other worker has added is deleted, so a late addition would show.
        var published = await workshop.Create(dataset, "published");
        IReadOnlyList<Process> checks = [];
        await Eventually.True(() => Task.FromResult((checks = workshop.Checks()) is not []), "the check of the trained model");
        stopped = WorkerOf(checks[0]);
        stopped.Suspend();
        await workshop.Until(published, "succeeded");
        await Eventually.True(
            async () => (await workshop.Client.DeleteAsync("/models/lenet5-published/versions/1", stop)).IsSuccessStatusCode);
        await GoOn(published);
        Assert.False(Directory.Exists(Path.Combine(workshop.Repository.Folder, "lenet5-published", "1")));

        ServiceProcess WorkerOf(Process child) => Assert.Single(workers, worker => worker.Id == Workshop.ParentOf(child));

        async Task GoOn(string job)
        {
            stopped.Continue();
            await Eventually.True(
                () => Task.FromResult(stopped.Output.Contains($"stops working on {job}", StringComparison.Ordinal)), "the worker to end");
            await Eventually.True(() => Task.FromResult(workshop.Trainers() is [] && workshop.Checks() is []), "its processes to end");
        }
    }

    public void Dispose() => postgres.Dispose();
}
