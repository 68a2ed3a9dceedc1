using System.Text.Json;
using Fovea.Api.Configuration;
using Fovea.Api.Scheduling;
using Fovea.Api.Serving;
using Fovea.Api.Telemetry;
using Fovea.Api.Tests.Hosting;
using Fovea.Api.Tuning;
using Fovea.Models.Graphs;
using Fovea.Models.Runtime;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fovea.Api.Tests.Tuning;

[Trait("Needs", "time")]
public sealed class ModelTunerTests
{
    [Fact]
    public async Task Sizes_are_measured_once_and_stored_and_each_is_faster_than_the_smaller_ones()
    {
        using var repository = new Repository().With("lenet5", 1);
        using var data = new TemporaryFolder();
        var file = Path.Combine(data.Path, "batch-sizes.json");
        await using (await Start(repository, data, file))
        {
        }

        var text = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
        var all = JsonSerializer.Deserialize<Dictionary<string, MeasuredSize[]>>(text, JsonSerializerOptions.Web)!;
        var sizes = all.Values.Single().Where(size => !size.Spread).ToArray();
        Assert.All(
            sizes.Zip(sizes.Skip(1)),
            pair => Assert.True(pair.First.Size < pair.Second.Size && pair.First.ImagesPerSecond < pair.Second.ImagesPerSecond));
        Assert.Contains($"rewrites {Classifier.RewritesVersion}", all.Keys.Single(), StringComparison.Ordinal);
    }

    [Fact]
    public void Sizes_are_stored_beside_earlier_ones()
    {
        using var data = new TemporaryFolder();
        var file = new SizesFile(new Settings { Data = data.Path }, NullLogger<SizesFile>.Instance);
        MeasuredSize[] measured = [new(1, 14.5, Spread: false), new(4, 15.5, Spread: false), new(1, 29.5, Spread: true)];
        file.Remember("one", measured);
        file.Remember("other", measured[..1]);
        Assert.Equal(measured, file.Find("one"));
        Assert.Equal(measured[..1], file.Find("other"));
        Assert.Null(file.Find("none"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Stored_kind_serves_at_once_and_gives_the_answers_of_the_original_file(bool rewritten)
    {
        using var repository = new Repository().With("lenet5", 1);
        using var data = new TemporaryFolder();
        var model = Path.Combine(repository.Folder, "lenet5", "1", "model.onnx");
        var file = new SizesFile(new Settings { Data = data.Path }, NullLogger<SizesFile>.Instance);
        file.Remember(
            SizesFile.Key(ModelBytes.Of(model).Sha256, "cpu", maxBatch: 4),
            [new(1, 1000, Rewritten: rewritten), new(4, 2000, Rewritten: rewritten), new(1, 1500, Spread: true)]);
        using var classifier = Classifier.Load(model);
        var expected = classifier.Classify(Images.Digit, new(1000, 1000), top: 10);
        await using var service = await Start(repository, data, Path.Combine(data.Path, "batch-sizes.json"));
        for (int i = 0; i < 50; i++)
        {
            var (status, json) = await service.Post("/classify/lenet5?top=10", Images.Digit.As(null));
            Assert.Equal(200, status);
            var answered = json.GetProperty("predictions").EnumerateArray()
                .ToDictionary(p => p.GetProperty("index").GetInt32(), p => p.GetProperty("probability").GetDouble());
            Assert.All(expected, prediction => Assert.Equal(prediction.Probability, answered[prediction.Index], 1e-5));
        }
    }

    [Fact]
    public async Task Sessions_on_all_cores_stay_open_while_one_of_them_is_still_to_be_tried()
    {
        // On one core, runs cannot go on side by side.
        if (Environment.ProcessorCount == 1)
        {
            return;
        }

        using var repository = new Repository().With("lenet5", 1);
        using var services = new ServiceCollection().AddMetrics().AddSingleton(Device.Cpu).AddSingleton<Metrics>().BuildServiceProvider();
        var model = Classifier.Load(Path.Combine(repository.Folder, "lenet5", "1", "model.onnx"));
        using var served = new ServedModel("lenet5", 1, model, places: 64, services.GetRequiredService<Metrics>(), new RequestsInFlight());
        var sessions = new TunedSessions(served, new() { MaxBatch = 4 }, NullLogger<ModelTuner>.Instance);
        SessionKind[] kinds = [SessionKind.OneCore, SessionKind.AllCores, SessionKind.AllCoresRewritten];
        await sessions.Open(kinds, CancellationToken.None);
        var before = served.Scheduler.Sessions.All.ToArray();
        Assert.Equal(kinds, before.Select(session => session.Kind));
        await sessions.Open(SessionKind.OneCoreRewritten, isPreferred: false, CancellationToken.None);
        Assert.Equal(SessionKind.OneCore, served.Scheduler.Sessions.For(spread: false).Kind);
        await sessions.Prefer(SessionKind.OneCoreRewritten);
        Assert.Equal(SessionKind.OneCoreRewritten, served.Scheduler.Sessions.For(spread: false).Kind);
        Assert.Equal(before.Length + 1, served.Scheduler.Sessions.All.Count());
        await sessions.Settle([new(1, 1000)], keepsSpread: true);
        Assert.Equal(before, served.Scheduler.Sessions.All);
        await sessions.Settle([new(1, 1000)], keepsSpread: false);
        Assert.Equal(before[..1], served.Scheduler.Sessions.All);
    }

    [Fact]
    public async Task Model_that_was_never_measured_serves_with_the_rewritten_graph_first()
    {
        // On one core, runs cannot go on side by side.
        if (Environment.ProcessorCount == 1)
        {
            return;
        }

        using var repository = new Repository().With("lenet5", 1);
        using var data = new TemporaryFolder();
        using var services = new ServiceCollection().AddMetrics().AddSingleton(Device.Cpu).AddSingleton<Metrics>().BuildServiceProvider();
        var inFlight = new RequestsInFlight();
        var model = Classifier.Load(Path.Combine(repository.Folder, "lenet5", "1", "model.onnx"));
        using var served = new ServedModel("lenet5", 1, model, places: 64, services.GetRequiredService<Metrics>(), inFlight);
        var log = NullLogger<ModelTuner>.Instance;
        var file = new SizesFile(new() { Data = data.Path }, NullLogger<SizesFile>.Instance);
        var tuning = new ModelTuning(served, new() { MaxBatch = 4 }, file, new(served, inFlight, TimeProvider.System, log), log);
        await tuning.Begin(CancellationToken.None);
        Assert.Equal([SessionKind.OneCoreRewritten], served.Scheduler.Sessions.OneSlot.Select(session => session.Kind));
        Assert.True(await tuning.Explore(CancellationToken.None));
        Assert.Contains(served.Sizes, size => size.Size == 1);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("""{"key":[]}""")]
    [InlineData("""{"key":[{"size":0,"imagesPerSecond":1}]}""")]
    [InlineData("[]")]
    public async Task Unreadable_sizes_file_is_measured_again(string content)
    {
        using var repository = new Repository().With("lenet5", 1);
        using var data = new TemporaryFolder();
        var file = Path.Combine(data.Path, "batch-sizes.json");
        await File.WriteAllTextAsync(file, content, TestContext.Current.CancellationToken);
        await using var service = await Start(repository, data, file);
        await service.Logs.Until("runs in batches of");
        var measured = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
        Assert.Contains("imagesPerSecond", measured, StringComparison.Ordinal);
    }

    private static async Task<TestService> Start(Repository repository, TemporaryFolder data, string file)
    {
        var service = await TestService.StartReady(repository, null, $"--Fovea:Data={data.Path}", "--Fovea:MaxBatch=4");
        await service.Logs.Until("runs in batches of");
        Assert.True(File.Exists(file));
        return service;
    }
}
