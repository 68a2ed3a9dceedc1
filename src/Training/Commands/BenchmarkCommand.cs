using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Fovea.Models.Architectures;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Layers;
using Fovea.Models.Runtime;
using Fovea.Training.Optimizers;
using Fovea.Training.Steps;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Training.Commands;

/// <summary>The <c>benchmark</c> command: measures the time of inference or of training steps.</summary>
internal static class BenchmarkCommand
{
    private const int WarmUpRuns = 2;

    // During the first second, .NET recompiles hot code on a background thread, which slows short runs down. Runs that start in this second
    // are not measured.
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(1);

    public static Command Create()
    {
        var network = Arguments.NameOrFile();
        var train = new Option<bool>("--train")
        {
            Description = "Measure training steps (SGD with momentum; Adam for lenet5) instead of inference.",
        };
        var batchSize = new Option<int>("--batch-size")
        {
            Description = "The number of images in a run, 1 to 65536.",
            DefaultValueFactory = _ => 16,
            HelpName = "number",
        };
        var steps = new Option<int>("--steps")
        {
            Description = "The number of measured runs, 1 to 1000000. Warm-up runs come before them.",
            DefaultValueFactory = _ => 100,
            HelpName = "number",
        };
        var device = Arguments.Device();
        var json = new Option<bool>("--json") { Description = "Print the result as one line of JSON, the last line." };
        var command = new Command("benchmark", "Measures a network: median and fastest run, images per second and peak memory.")
        {
            network, train, batchSize, steps, device, json,
        };
        command.SetWork((parsed, stop) =>
        {
            int images = Arguments.InRange("--batch-size", parsed.GetValue(batchSize), 65_536);
            int runs = Arguments.InRange("--steps", parsed.GetValue(steps), 1_000_000);
            bool trains = parsed.GetValue(train);
            var runsOn = Arguments.Chosen(parsed.GetRequiredValue(device));
            var name = parsed.GetRequiredValue(network);
            var graph = Arguments.Network(name, auxiliary: trains && Catalog.Architectures.Any(a => a.Name == name && a.HasAuxiliary));
            var times = trains ? TrainingSteps(graph, images, runs, runsOn, stop) : Runs(graph, images, runs, runsOn, stop);
            var result = BenchmarkResult.Of(times, images);
            Console.WriteLine(parsed.GetValue(json)
                ? JsonSerializer.Serialize(result, BenchmarkJson.Default.BenchmarkResult)
                : $"{graph.Name}, batch {images}, {runs} {(trains ? "training steps" : "runs")}: {Text(result)}");
        });
        return command;
    }

    private static string Text(BenchmarkResult result) => string.Create(
        CultureInfo.InvariantCulture,
        $"median {result.MedianMs:F3} ms, fastest {result.FastestMs:F3} ms, {result.ImagesPerSecond:F1} images/s, "
        + $"peak {result.PeakMemoryBytes / 1048576.0:F0} MiB resident");

    private static List<double> TrainingSteps(Graph graph, int images, int runs, Device device, CancellationToken stop)
    {
        var recipe = Catalog.Architectures.FirstOrDefault(a => a.Name == graph.Name)?.Recipe ?? Recipe.Plain;
        using var step = new TrainingStep(graph, images, Optimizer.Create(recipe.Optimizer), device: device);
        var batch = step.NewBatch(seed: 0);
        Randomize(batch.Images);
        int classes = batch.Targets.Length / images;
        for (int i = 0; i < images; i++)
        {
            batch.Targets[i * classes + i % classes] = 1;
        }

        return Timed(
            runs,
            number =>
            {
                batch.Stage(number);
                step.Run(batch, learningRate: 1e-4);
            },
            stop);
    }

    private static List<double> Runs(Graph graph, int images, int runs, Device device, CancellationToken stop)
    {
        using var session = Sessions.Open(graph, device);
        using var options = new RunOptions();
        var shape = graph.Inputs[0].Shape.With(0, images);
        if (!shape.IsKnown)
        {
            throw new FoveaException(
                ErrorCode.BadModelFile,
                $"The input of {graph.Name} is {graph.Inputs[0].Shape}; expected all dimensions except the batch to be fixed.");
        }

        var values = new float[shape.Size];
        Randomize(values);
        using var input = OrtValue.CreateTensorValueFromMemory(values, shape.ToInt64());
        string inputName = graph.Inputs[0].Name, outputName = graph.Outputs[0].Name;
        return Timed(runs, _ => session.Run(options, [inputName], [input], [outputName]).Dispose(), stop);
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
