using Fovea.Models.Autodiff;
using Fovea.Models.Graphs;
using Fovea.Models.Kernels;
using Fovea.Models.Layers;
using Fovea.Models.Rewrites;
using Fovea.Models.Runtime;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Models.Tests.Kernels;

/// <summary>Fovea's own batch normalisation and its gradients, compared with their formulas in double precision.</summary>
public class NormalizationKernelTests
{
    private const float Epsilon = 1e-5f;

    private static readonly int[][] Shapes =
    [
        [3, 5, 13, 11],
        [1, 5, 1, 1],
        [4, 40],
        [2, 3, 2, 3],
        [1, 2, 200, 200],

        // With the next shape a thread takes twelve channels at a time, and then the last four. With the shape after it a thread takes one
        // channel, which has more than 32,768 numbers.
        [3, 76, 31, 29],
        [2, 3, 131, 127],
    ];

    // The operators after the normalisation.
    private static readonly string[] Operators = ["", "ReLU", "sum", "sum and ReLU"];

    public static TheoryData<string, int[]> Cases => new(Shapes.SelectMany(_ => Operators, (sizes, after) => (after, sizes)));

    [Theory, MemberData(nameof(Cases))]
    public void Outputs_and_gradients_are_those_of_double_precision(string after, int[] sizes) =>
        AssertEqual(new Shape(sizes), after, (_, drawn) => drawn, 1e-5);

    // The mean is rounded to a float of about 1000, which is up to 3e-5 from the true one, and the standard deviation is 9e-3.
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Numbers_far_from_zero_are_normalised_as_accurately_as_their_mean_is_rounded(int images) =>
        AssertEqual(new Shape(images, 2, 224, 224), "", (_, drawn) => 1000 + (drawn / 64), 8e-3);

    [Fact]
    public void Constant_channel_becomes_its_beta()
    {
        float[] constants = [1000.1f, -37.7f, 0.3f];
        var found = AssertEqual(new Shape(3, 3, 224, 224), "", (channel, _) => constants[channel], 1e-4);
        Assert.All(found.SelectMany(numbers => numbers), number => Assert.True(float.IsFinite(number)));
    }

    // Returns what the kernels computed. The numbers x depend on the channel and on a random number of -1 to 1.
    private static float[][] AssertEqual(Shape shape, string after, Func<int, float, float> x, double limit)
    {
        bool relu = after.EndsWith("ReLU", StringComparison.Ordinal), adds = after.StartsWith("sum", StringComparison.Ordinal);
        var graph = Differentiated(shape, relu, adds);
        var rewritten = RewritePass.ForTraining(graph, cuda: false, ChannelBlock.Size).Graph;
        string[] own = [CustomOperators.Normalization, CustomOperators.NormalizationGradient];
        Assert.Equal(relu && adds ? [.. own, CustomOperators.ActivationGradient] : own, rewritten.Nodes
            .Where(node => node.Domain == CustomOperators.Domain).Select(node => node.Op).Order());
        Assert.DoesNotContain(rewritten.Nodes, node => node.Op is "Relu" or "Add");

        int channels = shape[1], plane = (int)shape.Size / shape[0] / channels;
        float[][] inputs = [.. graph.Inputs.Select((input, number) =>
        {
            var random = new SeededRandom(7, number);
            return Enumerable.Range(0, (int)input.Shape.Size)
                .Select(i => input.Name switch
                {
                    "x" => x(i / plane % channels, random.Uniform(-1, 1)),
                    "gamma" => random.Uniform(0.5f, 1) * (i % 2 == 0 ? 1 : -1),
                    _ => random.Uniform(-1, 1),
                })
                .ToArray();
        })];
        var found = Run(rewritten, inputs);
        foreach (var ((numbers, scale), computed) in Formulas(shape, relu, adds, inputs).Zip(found))
        {
            Assert.Equal(numbers.Length, computed.Length);
            Assert.InRange(numbers.Zip(computed, (a, b) => Math.Abs(a - b)).Max(), 0, limit * scale);
        }

        return found;
    }

    // Outputs y and the gradients of x, gamma, beta and, if there is one, the addend.
    private static Graph Differentiated(Shape shape, bool relu, bool adds)
    {
        var graph = new Graph("normalised");
        var channel = new Shape(shape[1]);
        Value[] variables =
        [
            graph.Input("x", ElementType.Float, shape),
            graph.Input("gamma", ElementType.Float, channel),
            graph.Input("beta", ElementType.Float, channel),
        ];
        var running = graph.Constant(Tensor.Of(channel, new float[shape[1]]));
        var y = graph.BatchNormalization(variables[0], variables[1], variables[2], running, running, Epsilon).Y;
        if (adds)
        {
            variables = [.. variables, graph.Input("addend", ElementType.Float, shape)];
            y += variables[3];
        }

        y = relu ? graph.Relu(y) : y;
        var loss = graph.ReduceSum(y * graph.Input("dY", ElementType.Float, shape), []);
        foreach (var output in Backward.From(loss, variables).Prepend(y))
        {
            graph.Output(output);
        }

        graph.Prune();
        return graph;
    }

    // The outputs of the graph, each with the size of the numbers whose rounding its errors come from.
    private static List<(double[] Numbers, double Scale)> Formulas(Shape shape, bool relu, bool adds, float[][] inputs)
    {
        int channels = shape[1], plane = (int)shape.Size / shape[0] / channels, count = shape[0] * plane;
        double[] y = new double[shape.Size], dX = new double[shape.Size], dGamma = new double[channels], dBeta = new double[channels];
        double[] passed = new double[shape.Size];
        double steepest = 0;
        for (int c = 0; c < channels; c++)
        {
            int[] places = [.. Enumerable.Range(0, count).Select(i => ((i / plane * channels) + c) * plane + (i % plane))];
            double mean = places.Average(i => (double)inputs[0][i]);
            double variance = places.Average(i => (inputs[0][i] - mean) * (inputs[0][i] - mean)), r = 1 / Math.Sqrt(variance + Epsilon);
            foreach (int i in places)
            {
                double z = (inputs[0][i] - mean) * r;
                y[i] = (inputs[1][c] * z) + inputs[2][c] + (adds ? inputs[3][i] : 0);
                passed[i] = !relu || y[i] > 0 ? inputs[^1][i] : 0;
                y[i] = relu ? Math.Max(y[i], 0) : y[i];
                dBeta[c] += passed[i];
                dGamma[c] += passed[i] * z;
            }

            foreach (int i in places)
            {
                double z = (inputs[0][i] - mean) * r;
                dX[i] = inputs[1][c] * r * (passed[i] - (dBeta[c] / count) - (z * dGamma[c] / count));
            }

            steepest = Math.Max(steepest, Math.Abs(inputs[1][c]) * r);
        }

        static (double[], double) Of(double[] numbers) => (numbers, numbers.Max(Math.Abs));
        List<(double[] Numbers, double Scale)> all = [Of(y), (dX, steepest * inputs[^1].Max(Math.Abs)), Of(dGamma), Of(dBeta)];
        return adds ? [.. all, Of(passed)] : all;
    }

    private static float[][] Run(Graph graph, float[][] inputs)
    {
        using var session = Sessions.Open(graph);
        using var options = new RunOptions();
        var values = graph.Inputs.Zip(inputs, (input, of) => OrtValue.CreateTensorValueFromMemory(of, input.Shape.ToInt64())).ToArray();
        using var results = session.Run(
            options, [.. graph.Inputs.Select(input => input.Name)], values, [.. graph.Outputs.Select(output => output.Name)]);
        Array.ForEach(values, value => value.Dispose());
        return [.. results.Select(result => result.GetTensorDataAsSpan<float>().ToArray())];
    }
}
