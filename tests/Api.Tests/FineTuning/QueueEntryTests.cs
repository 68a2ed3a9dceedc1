using Fovea.Api.Configuration;
using Fovea.Api.Jobs;
using Fovea.Api.Workers;

namespace Fovea.Api.Tests.FineTuning;

/// <summary>Waiting jobs name entries of the queue, and each entry starts its job once.</summary>
public sealed class QueueEntryTests
{
    [Fact]
    public async Task Jobs_name_no_entries_that_could_not_be_added_to_the_queue()
    {
        var stop = TestContext.Current.CancellationToken;
        using var folder = new TemporaryFolder();
        using var database = new StateDatabase(new Settings { Data = folder.Path }, new FineTuningSettings());
        var store = new JobStore(database, TimeProvider.System);
        var active = new ActiveJobs(database, TimeProvider.System);
        await store.Add(NewJob.Of("ftjob-1"), stop);
        await Assert.ThrowsAsync<IOException>(() => active.GiveEntries(32, _ => throw new IOException("The queue is gone."), stop));
        var waiting = Assert.Single(await active.Waiting(32, stop));
        Assert.Null(waiting.QueueEntry);
        Assert.Equal(JobStatus.ValidatingFiles, waiting.Status);

        IReadOnlyList<Job> added = [];
        Assert.Single(await active.GiveEntries(32, jobs => added = jobs, stop));
        Assert.Equal((await store.Find("ftjob-1", stop)).QueueEntry, Assert.Single(added).QueueEntry);
        Assert.NotNull(added[0].QueueEntry);
    }

    [Fact]
    public async Task Change_that_changes_nothing_writes_nothing()
    {
        var stop = TestContext.Current.CancellationToken;
        using var folder = new TemporaryFolder();
        using var database = new StateDatabase(new Settings { Data = folder.Path }, new FineTuningSettings());
        var store = new JobStore(database, TimeProvider.System);
        await store.Add(NewJob.Of("ftjob-1"), stop);
        long before = (await store.Find("ftjob-1", stop)).Revision;
        await store.Change("ftjob-1", job => job.ForgetEntry("1"), stop);
        Assert.Equal(before, (await store.Find("ftjob-1", stop)).Revision);
    }

    [Fact, Trait("Needs", "services")]
    public async Task Workers_that_add_jobs_at_the_same_time_give_each_job_one_entry()
    {
        const int Jobs = 100, Workers = 4;
        var stop = TestContext.Current.CancellationToken;
        using var postgres = new Postgres();
        using var database = new StateDatabase(new Settings(), new FineTuningSettings { Database = postgres.Connection() });
        var store = new JobStore(database, TimeProvider.System);
        var active = new ActiveJobs(database, TimeProvider.System);
        for (int i = 0; i < Jobs; i++)
        {
            await store.Add(NewJob.Of($"ftjob-{i:D3}"), stop);
        }

        var added = await Task.WhenAll(Enumerable.Range(0, Workers).Select(_ => Task.Run(Add, stop)));
        var entries = (await active.Waiting(int.MaxValue, stop)).ToDictionary(job => job.Id, job => job.QueueEntry!);
        Assert.Equal(Jobs, entries.Values.Distinct().Count());
        Assert.Equal(entries, added.SelectMany(jobs => jobs).ToDictionary(job => job.Id, job => job.QueueEntry!));

        async Task<List<Job>> Add()
        {
            List<Job> all = [];
            while (await active.GiveEntries(8, all.AddRange, stop) is not [])
            {
            }

            return all;
        }
    }

    [Fact, Trait("Needs", "time")]
    public async Task Entry_that_arrives_twice_leaves_its_job_running()
    {
        var stop = TestContext.Current.CancellationToken;
        await using var workshop = await Workshop.Start("--Fovea:TrainingJobs=2");
        var id = await workshop.Create(await workshop.Upload(), epochs: 100_000);
        await workshop.UntilTold(id, "Training on");
        var runner = workshop.Service.Get<JobRunner>();
        var job = await workshop.Service.Get<JobStore>().Find(id, stop);
        await runner.Begin(id, job.QueueEntry!, stop);
        Assert.True(runner.WorksAt(id));
        Assert.True(runner.HasFreeSlot);
        await workshop.Post(id, "cancel");
    }
}
