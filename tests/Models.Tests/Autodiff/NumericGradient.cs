using Fovea.Models.Autodiff;
using Fovea.Models.Graphs;
using Fovea.Models.Layers;
using Fovea.Models.Rewrites;
using Fovea.Models.Runtime;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Models.Tests.Autodiff;

/// <summary>Compares the gradients from <see cref="Backward"/> with central differences, both computed by ONNX Runtime.</summary>
internal static class NumericGradient
{
    private const float Step = 1e-2f;

    /// <summary>
    /// Returns the largest difference between a gradient and its central difference, relative to the largest gradient.
    /// <paramref name="function"/> builds the graph under test from its float inputs. The loss is the sum of the output's elements, each
    /// with a random weight, so that an error in any element shows. The inputs in <paramref name="constant"/> have no gradient. The forms
    /// for CUDA run on the CPU here.
    /// </summary>
    public static double RelativeError(
        IReadOnlyList<Shape> inputs,
        Func<Graph, Value[], Value> function,
        (float Low, float High) range,
        long seed = 0,
        IReadOnlyCollection<int>? constant = null,
        bool cuda = false)
    {
        int[] varied = [.. Enumerable.Range(0, inputs.Count).Where(i => constant?.Contains(i) != true)];
        var (graph, loss, gradients) = Differentiated(inputs, function, varied, seed, cuda);
        using var session = Sessions.Open(graph);
        float[][] point = [.. inputs.Select((shape, i) => Random(shape, range, new SeededRandom(seed, i)))];
        var analytic = gradients.Select(g => Run(session, graph, point, g)).ToArray();
        double worst = 0, largest = analytic.Max(g => g.Max(Math.Abs));
        foreach (var (gradient, input) in analytic.Zip(varied))
        {
            for (int i = 0; i < point[input].Length; i++)
            {
                double numeric = CentralDifference(session, graph, point, input, i, loss);
                worst = Math.Max(worst, Math.Abs(numeric - gradient[i]));
            }
        }

        return worst / largest;
    }

    /// <summary>
    /// Returns the gradients of the same loss for each input that is not constant, in the forms for CUDA or for CPUs, computed on a device.
    /// </summary>
    public static float[][] Gradients(GradientCase check, bool cuda, Device device)
    {
        int[] varied = [.. Enumerable.Range(0, check.Inputs.Length).Where(i => check.Constant?.Contains(i) != true)];
        var (graph, _, gradients) = Differentiated(check.Inputs, check.Function, varied, seed: 0, cuda);
        using var session = Sessions.Open(graph, device);
        float[][] point = [.. check.Inputs.Select((shape, i) => Random(shape, (check.Low, check.High), new SeededRandom(0, i)))];
        return [.. gradients.Select(gradient => Run(session, graph, point, gradient))];
    }

    private static (Graph Graph, Value Loss, Value[] Gradients) Differentiated(
        IReadOnlyList<Shape> inputs, Func<Graph, Value[], Value> function, int[] varied, long seed, bool cuda)
    {
        var graph = new Graph("gradient_check");
        Value[] variables = [.. inputs.Select((shape, i) => graph.Input($"x{i}", ElementType.Float, shape))];
        var y = function(graph, variables);
        var weights = Random(y.Shape, (-1, 1), new SeededRandom(seed, 99));
        var loss = graph.ReduceSum(y * graph.Constant(Tensor.Of(y.Shape, weights)), []);
        var gradients = Backward.From(loss, [.. varied.Select(i => variables[i])]);
        graph.Output(loss);
        foreach (var gradient in gradients)
        {
            graph.Output(gradient);
        }

        graph.Prune();
        (graph, var final) = RewritePass.ForTraining(graph, cuda, ChannelBlock.Size);
        return (graph, final[loss], [.. gradients.Select(gradient => final[gradient])]);
    }

    private static double CentralDifference(InferenceSession session, Graph graph, float[][] point, int input, int element, Value loss)
    {
        float kept = point[input][element];
        point[input][element] = kept + Step;
        double above = Run(session, graph, point, loss)[0];
        point[input][element] = kept - Step;
        double below = Run(session, graph, point, loss)[0];
        point[input][element] = kept;
        return (above - below) / (2 * Step);
    }

    private static float[] Run(InferenceSession session, Graph graph, float[][] point, Value output)
    {
        using var options = new RunOptions();
        var values = graph.Inputs.Zip(point).Select(i => OrtValue.CreateTensorValueFromMemory(i.Second, i.First.Shape.ToInt64())).ToArray();
        using var results = session.Run(options, [.. graph.Inputs.Select(i => i.Name)], values, [output.Name]);
        Array.ForEach(values, value => value.Dispose());
        return results[0].GetTensorDataAsSpan<float>().ToArray();
    }

    private static float[] Random(Shape shape, (float Low, float High) range, SeededRandom random)
    {
        var values = new float[shape.Size];
        foreach (ref float value in values.AsSpan())
        {
            value = random.Uniform(range.Low, range.High);
        }

        return values;
    }
}
