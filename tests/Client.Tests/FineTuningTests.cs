using System.Net;
using Fovea.Api.Tests.FineTuning;
using Fovea.Client.Tests.Hosting;

namespace Fovea.Client.Tests;

/// <summary>Uses data sets and jobs at a real service through the client.</summary>
[Trait("Needs", "time")]
public sealed class FineTuningTests(RunningService service) : IDisposable
{
    private readonly FoveaClient client = service.Client();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Folder_becomes_a_data_set_a_job_learns_it_and_its_model_answers()
    {
        using var photos = Photos(20);
        var dataset = await client.Datasets.UploadFolderAsync(photos.Path, "shapes", Stop);
        Assert.Equal(["cross", "ring"], dataset.Classes.Select(c => c.Label));
        Assert.Equal(("shapes", 20), (dataset.Name, dataset.Classes[0].Count));
        Assert.Contains(await client.Datasets.ListAsync(Stop).ToArrayAsync(Stop), listed => listed.Id == dataset.Id);

        var created = await client.FineTuning.CreateAsync(
            new()
            {
                Dataset = dataset.Id,
                Model = "lenet5",
                Suffix = "walk",
                Method = "full",
                Hyperparameters = new(Epochs: 2),
                Metadata = new Dictionary<string, string> { ["by"] = "a test" },
            },
            Stop);
        var told = new List<FineTuningEvent>();
        await foreach (var e in client.FineTuning.EventsAsync(created.Id, stop: Stop))
        {
            told.Add(e);
        }

        Assert.Equal(Enumerable.Range(1, told.Count).Select(n => (long)n), told.Select(e => e.Number));
        Assert.Contains(told, e => e.Data is { } data && data.TryGetProperty("valid_accuracy", out _));
        var done = await client.FineTuning.GetAsync(created.Id, Stop);
        Assert.True(done is { HasSucceeded: true, HasEnded: true, FineTunedModel: "lenet5-walk", FineTunedVersion: 1, Published: true });
        Assert.True(done.FinishedAt >= done.CreatedAt);
        Assert.Contains(await client.FineTuning.ListAsync(Stop).ToArrayAsync(Stop), job => job.Id == created.Id);

        var answer = await client.ClassifyAsync("lenet5-walk", Shapes.Draw(1_000, isRing: true), stop: Stop);
        Assert.Equal(["cross", "ring"], answer.Predictions.Select(p => p.Label).Order());
        await client.Datasets.DeleteAsync(dataset.Id, Stop);
        var gone = await Assert.ThrowsAsync<FoveaClientException>(() => client.Datasets.GetAsync(dataset.Id, Stop));
        Assert.Equal(("unknown_dataset", HttpStatusCode.NotFound), (gone.Code, gone.Status));
    }

    [Fact]
    public async Task Wait_ends_with_the_job_that_another_caller_has_cancelled()
    {
        using var photos = Photos(10);
        var dataset = await client.Datasets.UploadFolderAsync(photos.Path, stop: Stop);
        var wish = new FineTuningRequest
        {
            Dataset = dataset.Id,
            Model = "lenet5",
            Suffix = "long",
            Method = "full",
            Hyperparameters = new(Epochs: 100_000),
        };
        var job = await client.FineTuning.CreateAsync(wish, Stop);
        var progress = new Relay(e => e.Number == 1, () => client.FineTuning.CancelAsync(job.Id, Stop));
        var ended = await client.FineTuning.WaitAsync(job.Id, progress, Stop);
        Assert.Equal(("cancelled", true, false), (ended.Status, ended.HasEnded, ended.HasSucceeded));
        await progress.Done;
        var refused = await Assert.ThrowsAsync<FoveaClientException>(() => client.FineTuning.ResumeAsync(job.Id, Stop));
        Assert.Equal(("conflict", HttpStatusCode.Conflict), (refused.Code, refused.Status));
        refused = await Assert.ThrowsAsync<FoveaClientException>(() => client.FineTuning.CreateAsync(wish with { Method = "no" }, Stop));
        Assert.Equal("malformed_request", refused.Code);
    }

    [Fact]
    public async Task Events_go_on_after_a_lost_connection_and_none_comes_twice()
    {
        using var photos = Photos(10);
        var dataset = await client.Datasets.UploadFolderAsync(photos.Path, stop: Stop);
        var job = await client.FineTuning.CreateAsync(
            new() { Dataset = dataset.Id, Model = "lenet5", Suffix = "cut", Method = "head" }, Stop);
        Assert.True((await client.FineTuning.WaitAsync(job.Id, stop: Stop)).HasSucceeded);
        using var proxy = new CuttingProxy(service.Address, cuts: 3);
        using var behind = new FoveaClient(new FoveaClientOptions { Address = proxy.Address, ApiKey = RunningService.Key });
        var numbers = await behind.FineTuning.EventsAsync(job.Id, stop: Stop).Select(e => e.Number).ToArrayAsync(Stop);
        Assert.Equal(0, proxy.CutsLeft);
        Assert.Equal(Enumerable.Range(1, numbers.Length).Select(n => (long)n), numbers);
        Assert.Empty(await client.FineTuning.EventsAsync(job.Id, numbers[^1], Stop).ToArrayAsync(Stop));
        await Assert.ThrowsAsync<FoveaClientException>(
            async () => await client.FineTuning.EventsAsync("ftjob-none", stop: Stop).FirstAsync(Stop));
    }

    public void Dispose() => client.Dispose();

    private static TemporaryFolder Photos(int each)
    {
        var folder = new TemporaryFolder();
        foreach (var (path, bytes) in Shapes.Of(each))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(folder[path])!);
            File.WriteAllBytes(folder[path], bytes);
        }

        return folder;
    }

    /// <summary>
    /// Runs an action once, at the first event that fits. .NET's Progress would report the events on other threads, in any order.
    /// </summary>
    private sealed class Relay(Func<FineTuningEvent, bool> at, Func<Task> act) : IProgress<FineTuningEvent>
    {
        public Task Done { get; private set; } = Task.CompletedTask;

        public void Report(FineTuningEvent value)
        {
            if (at(value))
            {
                Done = act();
            }
        }
    }
}
