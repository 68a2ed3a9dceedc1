using Fovea.Models.Graphs;
using Fovea.Models.Layers;
using Fovea.Models.Runtime;
using Fovea.Training.Steps;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Training.Tests.Steps;

/// <summary>Compares the gradient graph of a network with PyTorch on one seeded batch.</summary>
internal static class LearningCase
{
    /// <summary>
    /// The error of a tensor against PyTorch's in double precision, relative to its largest element: ours, and PyTorch's in single
    /// precision.
    /// </summary>
    internal sealed record TensorError(string Name, double Ours, double PyTorchs);

    /// <summary>The errors of the loss, of each gradient and of each new running statistic.</summary>
    /// <param name="torch">The PyTorch process.</param>
    /// <param name="name">The network's name in pytorch_gradients.py.</param>
    /// <param name="network">The network. This changes the shifts and running statistics of its batch normalisation.</param>
    /// <param name="batch">The number of images in the batch.</param>
    /// <param name="seed">The seed of all numbers except the weights.</param>
    /// <param name="shift">The mean of the shifts of batch normalisation.</param>
    /// <param name="frozenStatistics">Whether batch normalisation uses its running statistics.</param>
    public static IReadOnlyList<TensorError> Compare(
        PyTorch torch, string name, Graph network, int batch, long seed = 0, float shift = 0, bool frozenStatistics = false)
    {
        int draws = 0;
        Tensor Uniform(Shape shape, float low, float high) => Drawn(shape, low, high, new SeededRandom(seed, draws++));
        foreach (var norm in network.Nodes.Where(node => node.Op == "BatchNormalization"))
        {
            network.Initializers[norm[2]] = Uniform(norm[2].Shape, shift - 0.5f, shift + 0.5f);
            network.Initializers[norm[3]] = Uniform(norm[3].Shape, -0.5f, 0.5f);
            network.Initializers[norm[4]] = Uniform(norm[4].Shape, 0.5f, 1.5f);
        }

        var graph = new GradientGraph(network, batch, frozenStatistics: frozenStatistics);
        var inputs = new Dictionary<string, Tensor>
        {
            [graph.Images.Name] = Uniform(graph.Images.Shape, -2, 2),
            [graph.Targets.Name] = Distributions(Uniform(graph.Targets.Shape, 0, 1)),
        };
        foreach (var (i, noise) in graph.Noise.Index())
        {
            inputs.Add(noise.Name, Uniform(noise.Shape, 0, 1));
        }

        var weights = network.Initializers.Where(i => i.Key is { Type: ElementType.Float, Shape.Rank: > 0 })
            .Select(i => (i.Key.Name, i.Value)).ToArray();
        var names = graph.Noise.Select((noise, i) => (noise.Name, Name: $"noise.{i}")).ToDictionary();
        using var answer = torch.Learn(name, [.. weights, .. inputs.Select(i => (names.GetValueOrDefault(i.Key, i.Key), i.Value))]);
        var ours = Run(graph, weights.ToDictionary().Concat(inputs).ToDictionary());
        Assert.Equal(answer.Names.Order(), ours.Keys.Order());
        return [.. ours.Select(tensor => Error(tensor.Key, tensor.Value, answer))];
    }

    // Names the tensors as PyTorch does: a gradient has the name of its parameter, and a new statistic that of the old one.
    private static Dictionary<string, float[]> Run(GradientGraph graph, Dictionary<string, Tensor> tensors)
    {
        using var session = Sessions.Open(graph.Graph);
        using var options = new RunOptions();
        var results = graph.Parameters.Select(p => p.Name).Zip(graph.Gradients)
            .Concat(graph.Statistics.Select(s => (s.Before.Name, s.After)))
            .Prepend(("loss", graph.Loss)).ToArray();
        string[] inputs = [.. graph.Graph.Inputs.Select(i => i.Name)];
        var values = inputs.Select(i => OrtValue.CreateTensorValueFromMemory(tensors[i].Floats.ToArray(), tensors[i].Shape.ToInt64()))
            .ToArray();
        using var outputs = session.Run(options, inputs, values, [.. results.Select(r => r.Item2.Name)]);
        Array.ForEach(values, value => value.Dispose());
        return results.Zip(outputs, (r, output) => (r.Item1, output.GetTensorDataAsSpan<float>().ToArray())).ToDictionary();
    }

    private static TensorError Error(string name, float[] ours, PyTorch.Answer answer)
    {
        var exact = answer.Exact(name, ours.Length);
        return new(name, Error(ours, exact), Error(answer.Single(name, ours.Length), exact));
    }

    private static double Error(float[] values, double[] exact)
    {
        double worst = 0, largest = 0;
        for (int i = 0; i < exact.Length; i++)
        {
            worst = Math.Max(worst, Math.Abs(values[i] - exact[i]));
            largest = Math.Max(largest, Math.Abs(exact[i]));
        }

        return worst == 0 ? 0 : worst / largest;
    }

    // Divides each row by its sum.
    private static Tensor Distributions(Tensor shares) =>
        Tensor.Of(
            shares.Shape, [.. shares.Floats.ToArray().Chunk(shares.Shape[1]).SelectMany(row => row.Select(share => share / row.Sum()))]);

    private static Tensor Drawn(Shape shape, float low, float high, SeededRandom random)
    {
        var values = new float[shape.Size];
        foreach (ref float value in values.AsSpan())
        {
            value = random.Uniform(low, high);
        }

        return Tensor.Of(shape, values);
    }
}
