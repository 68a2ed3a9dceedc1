using System.Globalization;
using Fovea.Models.Architectures;
using Fovea.Models.Graphs;
using Fovea.Models.Layers;
using Fovea.Models.Runtime;
using Fovea.Training.Steps;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Benchmarks.Gpu;

/// <summary>
/// Compares the gradients of whole networks on the device, in the forms for CUDA, with those on the CPU in its own forms.
/// </summary>
internal static class NetworkGradients
{
    private const int Batch = 4;

    // The noise of dropout is an input of the graph, the same on both devices.
    private static readonly (string Name, int Side)[] Networks =
        [("lenet5", 28), ("resnet18", 64), ("resnet50", 64), ("mobilenetv2", 64), ("densenet121", 64)];

    public static IEnumerable<CheckRow> Rows(DeviceChoice choice)
    {
        var device = DeviceChecks.Exact(choice);
        foreach (var (name, side) in Networks)
        {
            yield return Row(name, side, device);
        }
    }

    private static CheckRow Row(string name, int side, Device device)
    {
        try
        {
            var architecture = Catalog.Find(name);
            var network = architecture.Build(classes: 10, input: architecture.Input.With(1, side).With(2, side), seed: 3);
            var expected = Gradients(network, Device.Cpu, cuda: false);
            var found = Gradients(network, device, cuda: true);
            float[][] apart = [.. expected.Zip(found, (one, other) => Difference(one, other))];
            double whole = Length(apart.SelectMany(x => x)) / Length(expected.SelectMany(x => x));

            // In deep networks, rounding moves a few numbers over the corner of a ReLU, which shows most in the gradients of single
            // parameters. Those that are nearly 0 are compared with larger ones.
            double largest = expected.Max(one => Length(one));
            double single = expected.Zip(apart, (one, other) => Length(other) / Math.Max(Length(one), 1e-3 * largest)).Max();
            return new(
                $"{name}, gradients of {expected.Length} parameters",
                string.Create(CultureInfo.InvariantCulture, $"relative difference {whole:E1}; {single:E1} of a single parameter"),
                whole < 2e-2 && single < 0.25);
        }
        catch (Exception e)
        {
            return new(name, e.Message.Split('\n')[0], false);
        }
    }

    private static double Length(IEnumerable<float> values) => Math.Sqrt(values.Sum(x => (double)x * x));

    private static float[] Difference(float[] one, float[] other) => [.. one.Zip(other, (a, b) => a - b)];

    private static float[][] Gradients(Graph network, Device device, bool cuda)
    {
        var graph = new GradientGraph(network, Batch, cuda: cuda);
        using var session = Sessions.Open(graph.Graph, device);
        using var options = new RunOptions();
        var weights = network.Initializers.ToDictionary(entry => entry.Key.Name, entry => entry.Value);
        OrtValue[] values = [.. graph.Graph.Inputs.Select(Numbers)];
        using var results = session.Run(
            options, [.. graph.Graph.Inputs.Select(input => input.Name)], values, [.. graph.Gradients.Select(gradient => gradient.Name)]);
        float[][] gradients = [.. results.Select(result => result.GetTensorDataAsSpan<float>().ToArray())];
        Array.ForEach(values, value => value.Dispose());
        return gradients;

        OrtValue Numbers(Value input, int stream)
        {
            var numbers = new float[input.Shape.Size];
            var random = new SeededRandom(5, stream);
            if (weights.TryGetValue(input.Name, out var tensor))
            {
                tensor.Floats.CopyTo(numbers);
            }
            else if (input == graph.Targets)
            {
                for (int i = 0; i < Batch; i++)
                {
                    numbers[(i * input.Shape[1]) + i] = 1;
                }
            }
            else
            {
                foreach (ref float number in numbers.AsSpan())
                {
                    number = random.Uniform(0, 1);
                }
            }

            return OrtValue.CreateTensorValueFromMemory(numbers, input.Shape.ToInt64());
        }
    }
}
