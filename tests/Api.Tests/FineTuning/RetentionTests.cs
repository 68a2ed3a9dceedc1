using System.Net;
using Fovea.Api.Configuration;
using Fovea.Api.Jobs;
using Fovea.Api.Storage;
using Fovea.Api.Tests.Hosting;
using Fovea.Api.Tests.Problems;
using Fovea.Api.Workers;
using Fovea.Models.Graphs;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fovea.Api.Tests.FineTuning;

[Trait("Needs", "time")]
public sealed class RetentionTests : IDisposable
{
    private static readonly string[] All =
    [
        "attempt-1/model.html",
        "attempt-1/model.onnx",
        "attempt-1/model.onnx.checkpoint",
        "attempt-1/model.report.json",
        "base.json",
        "base.onnx",
    ];
    private static readonly string[] Reports = ["attempt-1/model.html", "attempt-1/model.report.json"];

    private readonly TemporaryFolder folder = new();
    private readonly Settings settings;
    private readonly StateDatabase database;
    private readonly JobStore store;

    public RetentionTests()
    {
        settings = new Settings { Data = folder.Path };
        database = new StateDatabase(settings, new FineTuningSettings());
        store = new JobStore(database, TimeProvider.System);
    }

    // The settings, the days since the end of a job, and the files that are left; null if the job is deleted too.
    public static TheoryData<int, int, double, string[]?> Sweeps => new()
    {
        { 0, 0, 36_500, All },
        { 0, 7, 6.9, All },
        { 0, 7, 7.1, Reports },
        { 7, 0, 6.9, All },
        { 7, 0, 7.1, null },
        { 7, 1, 6.9, Reports },
    };

    [Theory, MemberData(nameof(Sweeps))]
    public async Task Ended_job_loses_the_files_that_the_settings_name_and_a_paused_job_loses_none(
        int jobs, int checkpoints, double days, string[]? left)
    {
        var stop = TestContext.Current.CancellationToken;
        foreach (var (id, happens) in new (string, Action<Job>)[]
        {
            ("ftjob-paused", job => job.Pause()),
            ("ftjob-succeeded", job => job.Succeed("Done.")),
            ("ftjob-cancelled", job => job.Cancel()),
        })
        {
            await Add(id, happens);
        }

        for (int times = 0; times < 2; times++)
        {
            await Sweep(store, settings, new() { Jobs = jobs, Checkpoints = checkpoints }, days);
            Assert.Equal(All, Files("ftjob-paused"));
            foreach (var id in (string[])["ftjob-succeeded", "ftjob-cancelled"])
            {
                Assert.Equal(left ?? [], Files(id));
                Assert.Equal(left is null ? 0 : 2, (await store.EventsAfter(id, 0, 100, stop)).Count);
                Assert.Equal(left is null ? 0 : 1, (await store.CheckpointsBefore(id, long.MaxValue, 100, stop)).Count);
            }

            Assert.Equal(
                left is null ? ["ftjob-paused"] : ["ftjob-succeeded", "ftjob-paused", "ftjob-cancelled"],
                (await store.List(null, 10, stop)).Select(job => job.Id));
        }
    }

    [Fact]
    public async Task Version_number_of_a_deleted_job_stays_reserved_with_two_services()
    {
        var stop = TestContext.Current.CancellationToken;
        await Add("ftjob-2", job => job.Version = 2, job => job.Succeed("Done."));
        await Add("ftjob-3", job => job.Version = 3, job => job.Succeed("Done."));
        await Add("ftjob-4", job => job.Fail("bad_dataset", "It has chosen none."));
        var (one, other) = (
            await store.EndedBefore(DateTimeOffset.UtcNow.AddDays(1), stop),
            await store.EndedBefore(DateTimeOffset.UtcNow.AddDays(1), stop));
        Assert.Equal(3, one.Count);
        foreach (var job in one.Reverse().Concat(other))
        {
            await store.Delete(job, stop);
        }

        Assert.Empty(await store.List(null, 10, stop));
        Assert.Equal((3, 0), (await store.HighestVersion("lenet5-a", stop), await store.HighestVersion("lenet5-b", stop)));
    }

    [Fact]
    public async Task Old_job_keeps_its_report_first_and_finally_only_its_model_stays()
    {
        await using var workshop = await Workshop.Start();
        var dataset = await workshop.Upload();
        var job = await workshop.Create(dataset);
        await workshop.Until(job, "succeeded");
        var (jobs, data) = (workshop.Service.Get<JobStore>(), workshop.Service.Get<Settings>());
        await Sweep(jobs, data, new() { Checkpoints = 30 }, days: 31);
        Assert.Equal(
            "lenet5",
            (await workshop.Get($"/fine_tuning/jobs/{job}/report")).GetProperty("provenance").GetProperty("architecture").GetString());
        Assert.Equal(2, Directory.GetFiles(Path.Combine(data.Data, "fine-tuning", job), "*", SearchOption.AllDirectories).Length);

        await Sweep(jobs, data, new() { Jobs = 30 }, days: 31);
        foreach (var path in (string[])[job, $"{job}/events", $"{job}/checkpoints", $"{job}/report"])
        {
            using var answer = await workshop.Client.GetAsync($"/fine_tuning/jobs/{path}", TestContext.Current.CancellationToken);
            await answer.IsProblem(404, "unknown_job", job);
        }

        Assert.Empty(Directory.GetDirectories(Path.Combine(data.Data, "fine-tuning")));
        Assert.Equal(200, (await workshop.Service.Post("/classify/lenet5-shapes", Shapes.Draw(1_000, isRing: true).As(null))).Status);

        // Only the record of the deleted job still reserves version 1.
        using var deleted = await workshop.Client.DeleteAsync("/models/lenet5-shapes/versions/1", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        var next = await workshop.Until(await workshop.Create(dataset, method: "head"), "succeeded");
        Assert.Equal(2, next.GetProperty("fine_tuned_version").GetInt32());
    }

    public void Dispose()
    {
        database.Dispose();
        folder.Dispose();
    }

    private static async Task Sweep(JobStore jobs, Settings settings, RetentionSettings retention, double days)
    {
        using var sweep = new JobSweep(jobs, settings, retention, new Later(TimeSpan.FromDays(days)), NullLogger<JobSweep>.Instance);
        await sweep.Sweep(TestContext.Current.CancellationToken);
    }

    private async Task Add(string id, params Action<Job>[] happens)
    {
        var stop = TestContext.Current.CancellationToken;
        await store.Add(NewJob.Of(id), stop);
        var checkpoint = new JobCheckpoint { JobId = id, Step = 1, CreatedAt = 0, Metrics = "{}" };
        await store.Change(id, job => Assert.True(job.TryBegin("1", "worker", 1)), stop, checkpoint);
        var files = JobFolder.Take(settings, id, fence: 1);
        foreach (var file in (string[])
        [
            files.Base,
            Path.ChangeExtension(files.Base, ".json"),
            files.Model,
            $"{files.Model}.checkpoint",
            files.Page,
            files.Report,
        ])
        {
            await File.WriteAllTextAsync(file, "", stop);
        }

        foreach (var change in happens)
        {
            await store.Change(id, change, stop);
        }
    }

    private string[] Files(string job)
    {
        var root = folder[$"fine-tuning/{job}"];
        return Directory.Exists(root)
            ? [
                .. Directory.GetFiles(root, "*", SearchOption.AllDirectories)
                    .Select(file => Path.GetRelativePath(root, file)).Order(StringComparer.Ordinal),
            ]
            : [];
    }

    private sealed class Later(TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + by;
    }
}
