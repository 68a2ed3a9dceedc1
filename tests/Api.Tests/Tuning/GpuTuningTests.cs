using Fovea.Api.Configuration;
using Fovea.Api.Scheduling;
using Fovea.Api.Serving;
using Fovea.Api.Telemetry;
using Fovea.Api.Tests.Hosting;
using Fovea.Api.Tuning;
using Fovea.Models.Graphs;
using Fovea.Models.Metadata;
using Fovea.Models.Runtime;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fovea.Api.Tests.Tuning;

/// <summary>The CPU stands for a GPU: runs take turns, and a batch runs as a whole in one of the measured sizes.</summary>
[Trait("Needs", "time")]
public sealed class GpuTuningTests : IDisposable
{
    private static readonly ServingSettings Serving = new() { MaxBatch = 8 };

    private readonly Repository repository = new Repository().With("lenet5", 1);
    private readonly TemporaryFolder data = new();
    private readonly RequestsInFlight inFlight = new();
    private readonly ServiceProvider services =
        new ServiceCollection().AddMetrics().AddSingleton(Device.Simulated).AddSingleton<Metrics>().BuildServiceProvider();

    private readonly Lazy<float[][]> expected;

    public GpuTuningTests() => expected = new(Answers);

    private string Model => Path.Combine(repository.Folder, "lenet5", "1", "model.onnx");

    private SizesFile Sizes => new(new Settings { Data = data.Path }, NullLogger<SizesFile>.Instance);

    [Fact]
    public async Task Sizes_are_measured_and_one_session_of_the_fastest_kind_is_kept()
    {
        WriteTwin();
        using var served = Serve();
        await Tune(served);
        Assert.NotEmpty(served.Sizes);
        Assert.All(served.Sizes, size => Assert.Contains(size.Size, (int[])[1, 2, 4, 8]));
        var sessions = served.Scheduler.Sessions;
        Assert.Equal(served.Sizes[0].Kind with { Spread = true }, Assert.Single(sessions.All).Kind);
        Assert.Equal(served.Sizes.Select(size => size.Size), sessions.Sizes);
        await AnswersAreRight(served, count: 5);
        Assert.Equal(served.Sizes, Sizes.Find(Key(served)));
    }

    [Fact]
    public async Task Stored_choice_of_the_twin_of_16_bits_serves_at_once_beside_the_floats_that_it_is_compared_with()
    {
        WriteTwin();
        using var served = Serve();
        Sizes.Remember(Key(served), [new(1, 1000, Fp16: true), new(4, 3000, Fp16: true)]);
        await Tuning(served).Begin(CancellationToken.None);
        var sessions = served.Scheduler.Sessions;
        Assert.Equal(SessionKind.AllCoresFp16, sessions.Spread!.Kind);
        Assert.Equal([SessionKind.AllCores], sessions.OtherSpread.Select(session => session.Kind));
        Assert.Equal([1, 4], sessions.Sizes);
        await AnswersAreRight(served, count: 6);
    }

    [Fact]
    public async Task Batches_of_requests_are_trials_of_the_size_to_which_they_are_filled_up()
    {
        using var served = Serve();
        served.Scheduler.Exploration = new([SessionKind.AllCores], new(MaxBatch: 8, FixedBatch: null, SparesMemory: false), [4]);
        await served.Scheduler.Use(served.Scheduler.Sessions with { Sizes = [1, 2, 4, 8] });
        for (int i = 0; i < 2_000 && !served.Scheduler.Exploration.IsDone; i++)
        {
            await AnswersAreRight(served, count: 3);
        }

        Assert.Equal([4], served.Scheduler.Exploration.Best().Select(size => size.Size));
    }

    public void Dispose()
    {
        services.Dispose();
        data.Dispose();
        repository.Dispose();
    }

    private static string Key(ServedModel served) =>
        SizesFile.Key(served.Classifier.Sha256, "cuda", Serving.MaxBatch, served.Classifier.Twins);

    private ModelTuning Tuning(ServedModel served)
    {
        var log = NullLogger<ModelTuner>.Instance;
        return new(served, Serving, Sizes, new(served, inFlight, TimeProvider.System, log), log);
    }

    private async Task Tune(ServedModel served)
    {
        using var tuner = new ModelTuner(Serving, Sizes, inFlight, TimeProvider.System, NullLogger<ModelTuner>.Instance);
        await tuner.Tune(served, TestContext.Current.CancellationToken);
    }

    private ServedModel Serve() => new(
        "lenet5", 1, Classifier.Load(Model, device: Device.Simulated), places: 64, services.GetRequiredService<Metrics>(), inFlight);

    private async Task AnswersAreRight(ServedModel served, int count)
    {
        Task<float[]>[] asked;
        using (served.Scheduler.Expect())
        {
            asked = [.. Enumerable.Range(0, count).Select(i => served.Logits(slot => slot.Fill(i / 10f), CancellationToken.None))];
        }

        foreach (var (i, logits) in (await Task.WhenAll(asked)).Index())
        {
            Assert.Equal(expected.Value[i], logits, (x, y) => Math.Abs(x - y) < 1e-3f);
        }
    }

    // The answers of the CPU to images of one grey each.
    private float[][] Answers()
    {
        using var cpu = Classifier.Load(Model);
        return [.. Enumerable.Range(0, 6).Select(i =>
        {
            var (image, logits) = (new float[28 * 28], new float[10]);
            Array.Fill(image, i / 10f);
            cpu.Run(image, 1, logits);
            return logits;
        })];
    }

    // The twin computes what the file computes, so that it does not matter which of them is measured to be faster.
    private void WriteTwin()
    {
        var graph = OnnxFile.Read(Model);
        var record = new QuantizationRecord(
            new("model.onnx", ModelBytes.Of(Model).Sha256), "peaks", Images: 300, CalibrationAgreement: 1, WeightBits: 16,
            FloatLayers: [], JudgedImages: 200, Agreement: 0.995, Numbers: QuantizedNumbers.Fp16);
        (ModelMetadata.Read(graph.Metadata) with { Quantization = record }).WriteTo(graph);
        OnnxFile.Write(graph, Path.ChangeExtension(Model, ".fp16.onnx"));
    }
}
