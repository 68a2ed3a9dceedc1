using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Fovea.Models;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Training;

/// <summary><c>benchmark</c>: how long a run of a network takes, or a training step.</summary>
internal static class BenchmarkCommand
{
    private const int WarmUpRuns = 2;

    // The runtime compiles hot code again in the background during the first second, on a core that a short run wants for itself.
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(1);

    public static Command Create()
    {
        var network = Arguments.NameOrFile();
        var train = new Option<bool>("--train") { Description = "Time training steps (SGD with momentum; lenet5: Adam) instead of plain runs." };
        var batchSize = new Option<int>("--batch-size") { Description = "Images in a run, 1 to 65536.", DefaultValueFactory = _ => 16 };
        var steps = new Option<int>("--steps") { Description = "Timed runs, 1 to 1000000, after a few that are not.", DefaultValueFactory = _ => 100 };
        var device = Arguments.Device();
        var json = new Option<bool>("--json") { Description = "Print one line of JSON, the last." };
        var command = new Command("benchmark", "Times a network: median and fastest run, images per second, peak memory.") { network, train, batchSize, steps, device, json };
        command.SetWork((parsed, stop) =>
        {
            int images = InRange("--batch-size", parsed.GetValue(batchSize), 65_536), runs = InRange("--steps", parsed.GetValue(steps), 1_000_000);
            bool trains = parsed.GetValue(train);
            var runsOn = Arguments.Chosen(parsed.GetRequiredValue(device));
            var name = parsed.GetRequiredValue(network);
            var graph = Arguments.Network(name, auxiliary: trains && Catalog.Architectures.Any(a => a.Name == name && a.HasAuxiliary));
            var times = trains ? TrainingSteps(graph, images, runs, runsOn, stop) : Runs(graph, images, runs, runsOn, stop);
            var result = BenchmarkResult.Of(times, images);
            Console.WriteLine(parsed.GetValue(json) ? JsonSerializer.Serialize(result, BenchmarkJson.Default.BenchmarkResult) : string.Create(
                CultureInfo.InvariantCulture,
                $"{graph.Name}, batch {images}, {runs} {(trains ? "training steps" : "runs")}: median {result.MedianMs:F3} ms, fastest {result.FastestMs:F3} ms, {result.ImagesPerSecond:F1} images/s, peak {result.PeakMemoryBytes / 1048576.0:F0} MiB resident"));
        });
        return command;
    }

    private static int InRange(string option, int value, int highest) => value >= 1 && value <= highest
        ? value
        : throw new FoveaException(ErrorCode.BadArgument, $"{option} is {value}; expected 1 to {highest}.");

    private static List<double> TrainingSteps(Graph graph, int images, int runs, Device device, CancellationToken stop)
    {
        using var step = new TrainingStep(graph, images, Optimizer.Create(Recipe.For(graph.Name).Optimizer), device: device);
        Randomize(step.Images);
        int classes = step.Targets.Length / images;
        for (int i = 0; i < images; i++)
        {
            step.Targets[i * classes + i % classes] = 1;
        }

        return Timed(runs, number => step.Run(number, learningRate: 1e-4), stop);
    }

    private static List<double> Runs(Graph graph, int images, int runs, Device device, CancellationToken stop)
    {
        using var session = Sessions.Open(graph, device);
        using var options = new RunOptions();
        var shape = graph.Inputs[0].Shape.With(0, images);
        if (!shape.IsKnown)
        {
            throw new FoveaException(ErrorCode.BadModelFile, $"The input of {graph.Name} is {graph.Inputs[0].Shape}; expected all but the batch to be fixed.");
        }

        var values = new float[shape.Size];
        Randomize(values);
        using var input = OrtValue.CreateTensorValueFromMemory(values, shape.ToInt64());
        return Timed(runs, _ => session.Run(options, [graph.Inputs[0].Name], [input], [graph.Outputs[0].Name]).Dispose(), stop);
    }

    private static List<double> Timed(int runs, Action<long> run, CancellationToken stop)
    {
        var times = new List<double>(runs);
        long begun = Stopwatch.GetTimestamp(), number = 0;
        while (times.Count < runs)
        {
            stop.ThrowIfCancellationRequested();
            bool warm = number >= WarmUpRuns && Stopwatch.GetElapsedTime(begun) >= WarmUp;
            long start = Stopwatch.GetTimestamp();
            run(++number);
            if (warm)
            {
                times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }
        }

        return times;
    }

    private static void Randomize(Span<float> values)
    {
        var random = new SeededRandom(0);
        foreach (ref float value in values)
        {
            value = random.Uniform(0, 1);
        }
    }
}

/// <summary>What a benchmark found: times in milliseconds, images per second at the median, the process's highest resident memory.</summary>
internal sealed record BenchmarkResult(double MedianMs, double FastestMs, double ImagesPerSecond, long PeakMemoryBytes)
{
    public static BenchmarkResult Of(List<double> times, int images)
    {
        times.Sort();
        double median = times[times.Count / 2];
        using var process = Process.GetCurrentProcess();
        return new(median, times[0], images / median * 1000, process.PeakWorkingSet64);
    }
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(BenchmarkResult))]
internal sealed partial class BenchmarkJson : JsonSerializerContext;
