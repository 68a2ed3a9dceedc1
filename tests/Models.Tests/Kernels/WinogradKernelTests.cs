using Fovea.Models.Graphs;
using Fovea.Models.Kernels;
using Fovea.Models.Layers;
using Fovea.Models.Rewrites;
using Fovea.Models.Runtime;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Models.Tests.Kernels;

public class WinogradKernelTests
{
    /// <summary>
    /// The environment variable with the number of filters that a panel must have, 0 if the kernel must not be used.
    /// <see cref="InstructionSetTests"/> sets it.
    /// </summary>
    internal const string PanelVariable = "FOVEA_TEST_PANEL";

    // Channels, filters, height, width, padding (top, left, bottom, right), images.
    public static TheoryData<int, int, int, int, int[], int> Shapes => new()
    {
        { 64, 64, 56, 56, [1, 1, 1, 1], 2 },
        { 64, 192, 28, 28, [1, 1, 1, 1], 1 },
        { 24, 208, 14, 14, [1, 1, 1, 1], 3 },
        { 512, 40, 7, 7, [1, 1, 1, 1], 5 },
        { 48, 32, 4, 4, [1, 1, 1, 1], 1 },
        { 48, 32, 3, 3, [1, 1, 1, 1], 9 },
        { 32, 72, 33, 5, [0, 0, 0, 0], 2 },
        { 32, 72, 8, 61, [0, 2, 1, 0], 1 },
        { 40, 32, 17, 13, [2, 0, 0, 2], 2 },
        { 32, 32, 4, 230, [1, 1, 1, 1], 1 },
        { 32, 40, 9, 9, [6, 7, 6, 7], 1 },
    };

    [Theory, MemberData(nameof(Shapes))]
    public void Answers_equal_those_of_ONNX_Runtime(int channels, int filters, int height, int width, int[] padding, int images)
    {
        var window = new Window([3, 3], [1, 1], padding[..2], padding[2..], [1, 1]);
        foreach (var form in Enum.GetValues<Form>())
        {
            var network = Network(channels, filters, height, width, window, form);
            var expected = Run(network, images);
            float largest = expected.Max(Math.Abs);
            foreach (int threads in (int[])[1, 2, 5])
            {
                var rewritten = RewritePass.ForServing(network, threads) ?? network;
                Assert.Equal(TileTransforms.IsSupported, rewritten.Nodes.Any(node => node.Op == CustomOperators.Winograd));
                Assert.DoesNotContain(rewritten.Nodes, node => TileTransforms.IsSupported && node.Op is "Conv" or "Relu");
                var actual = Run(rewritten, images, onOneThread: threads == 1);
                Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-4f * largest));
            }
        }
    }

    [Fact]
    public void Kernel_uses_the_instructions_that_the_process_may_use()
    {
        int panel = TileTransforms.IsSupported ? TileProducts.Panel : 0;
        Assert.Equal(int.Parse(Environment.GetEnvironmentVariable(PanelVariable) ?? $"{panel}", null), panel);
    }

    [Fact]
    public unsafe void Kernels_with_equal_weights_share_them_until_the_last_is_freed()
    {
        if (!TileTransforms.IsSupported)
        {
            return;
        }

        float[] drawn = new float[16 * 8 * 9], equal = new float[drawn.Length], other = new float[drawn.Length];
        Draw(11, drawn);
        Draw(11, equal);
        Draw(12, other);
        fixed (float* first = drawn, second = equal, third = other)
        {
            var weights = SharedWeights.Take(first, 16, 8);
            Assert.Same(weights, SharedWeights.Take(second, 16, 8));
            var different = SharedWeights.Take(third, 16, 8);
            Assert.NotSame(weights, different);
            SharedWeights.Return(weights);
            Assert.Same(weights, SharedWeights.Take(first, 16, 8));
            SharedWeights.Return(weights);
            SharedWeights.Return(weights);
            var anew = SharedWeights.Take(first, 16, 8);
            Assert.NotSame(weights, anew);
            SharedWeights.Return(anew);
            SharedWeights.Return(different);
        }
    }

    [Fact]
    public void Not_a_number_stays_visible_behind_the_ReLU()
    {
        var network = Network(32, 32, 8, 8, Window.Square(3, padding: 1), Form.Relu);
        var rewritten = RewritePass.ForServing(network) ?? network;
        Assert.Contains(float.NaN, Run(rewritten, 1, pixel: float.NaN));
    }

    // A convolution alone, and with what may follow it. The identity at the end is the output, because an output is not rewritten.
    private static Graph Network(int channels, int filters, int height, int width, Window window, Form form)
    {
        var graph = new Graph("network");
        var x = graph.Input("x", ElementType.Float, new Shape(Shape.Free, channels, height, width));
        var weights = graph.Constant(Drawn(2, new Shape(filters, channels, 3, 3)));
        var y = graph.Conv(x, weights, form == Form.Alone ? null : graph.Constant(Drawn(3, new Shape(filters))), window);
        y = form == Form.Sum ? graph.Sigmoid(Pointwise(graph, x, y.Shape)) + y : y;
        y = form == Form.Alone ? y : graph.Relu(y);
        graph.Output(graph.Apply("Neg", [y]));
        return graph;
    }

    // A value of the output's shape, which is not a convolution.
    private static Value Pointwise(Graph graph, Value x, Shape shape)
    {
        var mean = graph.ReduceMean(x, [1, 2, 3], keep: true);
        return mean + graph.Constant(Drawn(4, new Shape([.. shape.Dimensions[1..]])));
    }

    private static Tensor Drawn(long seed, Shape shape) => Tensor.Drawn(shape, values => Draw(seed, values));

    private static void Draw(long seed, Span<float> values)
    {
        var random = new SeededRandom(seed);
        foreach (ref float value in values)
        {
            value = random.Uniform(-1, 1);
        }
    }

    private static float[] Run(Graph graph, int images, bool onOneThread = false, float? pixel = null)
    {
        using var session = Sessions.Open(graph, onOneThread: onOneThread);
        var shape = graph.Inputs[0].Shape.With(0, images);
        var values = new float[shape.Size];
        Draw(7, values);
        values[^1] = pixel ?? values[^1];
        using var input = OrtValue.CreateTensorValueFromMemory(values, shape.ToInt64());
        using var options = new RunOptions();
        using var outputs = session.Run(options, [graph.Inputs[0].Name], [input], [graph.Outputs[0].Name]);
        return outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }

    private enum Form
    {
        Alone,
        Relu,
        Sum,
    }
}
