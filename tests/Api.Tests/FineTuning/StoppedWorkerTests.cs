using System.Diagnostics;
using Fovea.Api.Tests.Hosting;
using Npgsql;

namespace Fovea.Api.Tests.FineTuning;

/// <summary>
/// A worker that stands still for longer than its lease, and then goes on, has lost its job: it publishes nothing and ends its work. Its
/// child processes are not stopped with it.
/// </summary>
[Trait("Needs", "services")]
public sealed class StoppedWorkerTests : IDisposable
{
    // The number of epochs that gives some seconds of training.
    private const int Epochs = 500;
    private const string Takeover = "--Fovea:TakeoverSeconds=10";

    private readonly Postgres postgres = new();

    [Fact]
    public async Task Job_is_taken_over_from_a_worker_that_was_stopped_within_a_transaction()
    {
        await using var workshop = Workshop.OfProcesses(Takeover);
        await workshop.StartProcess("serve", Database("serve"));
        var first = await workshop.StartProcess("train", Database("first"));
        var dataset = await workshop.Upload();
        await workshop.Until(await workshop.Create(dataset, "alone", Epochs), "succeeded");

        // Events cannot be written, so the first worker waits in the middle of a transaction that has changed the job's row.
        var job = await workshop.Create(dataset, "stopped", Epochs);
        await workshop.UntilTold(job, "Training on");
        await using (var locking = await Open())
        await using (var looking = await Open())
        {
            await using var transaction = await locking.BeginTransactionAsync(TestContext.Current.CancellationToken);
            await Run(locking, "LOCK TABLE \"Events\" IN SHARE MODE");
            await Eventually.True(
                async () => await Run(
                    looking,
                    "SELECT 1 FROM pg_stat_activity WHERE application_name = 'first' AND wait_event_type = 'Lock' "
                        + "AND query LIKE 'INSERT INTO \"Events\"%'") is 1,
                "the worker to write an event");
            first.Suspend();
        }

        await workshop.StartProcess("train", Database("second"));
        await workshop.Until(job, "succeeded");
        await GoOn(workshop, first, job);
        var told = await workshop.Follow(job);
        Assert.Equal(Enumerable.Range(1, told.Length), told.Select(e => e.Number));
        Assert.Contains(told, e => e.Message.StartsWith("The worker was lost", StringComparison.Ordinal));
        Workshop.HasEachEpochOnce(told.Select(e => e.Message), Epochs);
        Assert.Equal(workshop.Model("alone"), workshop.Model("stopped"));
        Assert.Equal([1], workshop.Versions("stopped"));
    }

    [Fact]
    public async Task Worker_that_was_stopped_while_it_published_publishes_nothing_when_it_goes_on()
    {
        await using var workshop = Workshop.OfProcesses(Takeover, $"--Fovea:Database={postgres.Connection()}");
        await workshop.StartProcess("serve");
        var workers = await Task.WhenAll(workshop.StartProcess("train"), workshop.StartProcess("train"));
        var job = await workshop.Create(await workshop.Upload(), "published");

        // The worker is stopped while it prepares the version. The version that the other worker then adds is deleted, so a late addition
        // would show.
        IReadOnlyList<Process> checks = [];
        await Eventually.True(() => Task.FromResult((checks = workshop.Checks()) is not []), "the check of the trained model");
        var stopped = Assert.Single(workers, worker => worker.Id == Workshop.ParentOf(checks[0]));
        stopped.Suspend();

        // As if the worker had not read these lines of the training before it was stopped.
        await using (var losing = await Open())
        {
            await Run(losing, "DELETE FROM \"Events\" WHERE \"Message\" LIKE 'Epoch %'");
        }

        await workshop.Until(job, "succeeded");
        Workshop.HasEachEpochOnce(await workshop.Told(job), epochs: 3);
        await Eventually.True(
            async () => (await workshop.Client.DeleteAsync(
                "/models/lenet5-published/versions/1", TestContext.Current.CancellationToken)).IsSuccessStatusCode,
            "the version to be deleted");
        await GoOn(workshop, stopped, job);
        Assert.False(Directory.Exists(Path.Combine(workshop.Repository.Folder, "lenet5-published", "1")));
        Assert.Single(await workshop.Told(job), message => message.StartsWith("lenet5-published version 1", StringComparison.Ordinal));
    }

    public void Dispose() => postgres.Dispose();

    private static async Task GoOn(Workshop workshop, ServiceProcess stopped, string job)
    {
        stopped.Continue();
        await Eventually.True(
            () => Task.FromResult(stopped.Output.Contains($"stops working on {job}", StringComparison.Ordinal)), "the worker to end");
        await Eventually.True(() => Task.FromResult(workshop.Trainers() is [] && workshop.Checks() is []), "its processes to end");
    }

    private static async Task<object?> Run(NpgsqlConnection connection, string statement)
    {
        await using var command = new NpgsqlCommand(statement, connection);
        return await command.ExecuteScalarAsync(TestContext.Current.CancellationToken);
    }

    private async Task<NpgsqlConnection> Open()
    {
        var connection = new NpgsqlConnection(postgres.Connection());
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        return connection;
    }

    private (string Name, string Value) Database(string worker) =>
        ("Fovea__Database", $"{postgres.Connection()};Application Name={worker}");
}
