using Fovea.Models.Autodiff;
using Fovea.Models.Graphs;
using Fovea.Models.Layers;
using Fovea.Models.Rewrites;
using Fovea.Models.Runtime;
using Fovea.Models.Tests.Runtime;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Models.Tests.Rewrites;

public class TrainingRewritesTests
{
    // The shapes have enough channels for blocked layouts, and images with many and with few positions.
    private const int Channels = 16;

    private static readonly Dictionary<string, (Shape X, Shape W, Window Window)> Convolutions = new()
    {
        ["blocked"] = (new(2, Channels, 9, 10), new(2 * Channels, Channels, 3, 3), Window.Square(3, 1, 1)),
        ["blocked, unevenly padded"] = (
            new(2, Channels, 9, 10), new(Channels, Channels, 3, 2), new([3, 2], [1, 1], [2, 0], [1, 1], [1, 1])),
        ["blocked, with strides that leave rows over"] = (new(3, Channels, 18, 17), new(Channels, Channels, 3, 3), Window.Square(3, 2)),
        ["with strides, unevenly padded"] = (
            new(2, Channels, 9, 10), new(Channels, Channels, 3, 3), new([3, 3], [2, 2], [2, 0], [0, 1], [1, 1])),
        ["pointwise"] = (new(2, Channels, 8, 9), new(2 * Channels, Channels, 1, 1), Window.Square(1)),
        ["pointwise, to fewer channels"] = (new(2, 2 * Channels, 8, 9), new(Channels, 2 * Channels, 1, 1), Window.Square(1)),
        ["pointwise, of few places"] = (new(3, Channels, 5, 4), new(2 * Channels, Channels, 1, 1), Window.Square(1)),
        ["pointwise, of few places, with strides"] = (new(3, Channels, 9, 8), new(2 * Channels, Channels, 1, 1), Window.Square(1, 2)),
        ["pointwise, with strides"] = (new(2, Channels, 8, 9), new(2 * Channels, Channels, 1, 1), Window.Square(1, 2)),
        ["of few places"] = (new(3, Channels, 5, 4), new(Channels, Channels, 3, 3), Window.Square(3, 1, 1)),
        ["of one place, with strides"] = (new(2, Channels, 1, 1), new(2 * Channels, Channels, 3, 3), Window.Square(3, 2, 1)),
        ["of one row, with strides"] = (new(2, Channels, 1, 9), new(2 * Channels, Channels, 3, 3), Window.Square(3, 2, 1)),
        ["of one column, with strides"] = (new(2, Channels, 2, 1), new(2 * Channels, Channels, 3, 3), Window.Square(3, 2, 1)),
        ["of two elements, with strides"] = (new(2, Channels, 8, 7), new(2 * Channels, Channels, 2, 2), Window.Square(2, 2)),
        ["of few places, with strides"] = (new(3, Channels, 7, 6), new(Channels, Channels, 3, 3), Window.Square(3, 2, 1)),
        ["of an image's own channels"] = (new(2, 3, 17, 15), new(Channels, 3, 7, 7), Window.Square(7, 2, 3)),
        ["of channels that fill no block"] = (new(2, 20, 9, 9), new(24, 20, 3, 3), Window.Square(3, 1, 1)),
        ["of many channels"] = (new(3, 32, 13, 10), new(40, 32, 3, 3), Window.Square(3, 1, 1)),
        ["of many channels, unpadded"] = (new(2, 40, 9, 12), new(32, 40, 3, 3), Window.Square(3)),
        ["of many channels, unevenly padded"] = (new(2, 32, 8, 9), new(64, 32, 3, 3), new([3, 3], [1, 1], [2, 0], [1, 1], [1, 1])),
        ["of many channels, more tiles than a block has"] = (new(37, 32, 8, 7), new(32, 32, 3, 3), Window.Square(3, 1, 1)),
        ["of many channels, with strides"] = (new(3, 64, 30, 29), new(64, 64, 3, 3), Window.Square(3, 2, 1)),
        ["of many channels, with strides, unevenly padded"] = (
            new(2, 32, 21, 34), new(64, 32, 3, 4), new([3, 4], [2, 2], [0, 2], [1, 0], [1, 1])),
        ["of many channels, with strides of 3"] = (new(2, 24, 23, 25), new(40, 24, 4, 3), new([4, 3], [3, 2], [1, 0], [2, 1], [1, 1])),
        ["of many channels, pointwise"] = (new(5, 256, 24, 23), new(96, 256, 1, 1), Window.Square(1)),
        ["of many channels, pointwise, with few weights"] = (new(5, 24, 24, 23), new(40, 24, 1, 1), Window.Square(1)),
        ["of many channels, pointwise, with strides"] = (new(2, 64, 15, 18), new(96, 64, 1, 1), Window.Square(1, 2)),
        ["dilated"] = (new(2, Channels, 12, 11), new(Channels, Channels, 3, 3), new([3, 3], [1, 1], [2, 2], [2, 2], [2, 2])),
    };

    public static TheoryData<string, bool> Cases => new(Convolutions.Keys.SelectMany(name => new[] { (name, false), (name, true) }));

    [Theory, MemberData(nameof(Cases))]
    public void Convolution_and_its_gradients_are_the_sums_that_define_them(string name, bool cuda)
    {
        var (x, w, window) = Convolutions[name];
        var graph = new Graph("convolution");
        Value[] inputs =
        [
            graph.Input("x", ElementType.Float, x),
            graph.Input("w", ElementType.Float, w),
            graph.Input("b", ElementType.Float, new Shape(w[0])),
        ];
        var y = graph.Conv(inputs[0], inputs[1], inputs[2], window);
        var dY = graph.Input("dY", ElementType.Float, y.Shape);
        var gradients = Backward.From(graph.ReduceSum(y * dY, []), inputs[..2]);
        foreach (var output in gradients.Prepend(graph.Relu(y)))
        {
            graph.Output(output);
        }

        float[][] numbers = [.. graph.Inputs.Select((input, i) => Numbers(input.Shape, i))];
        var expected = Sums(x, w, y.Shape, window, numbers);
        var formed = RewritePass.ForTraining(graph, cuda, ChannelBlock.Size).Graph;
        Assert.All(
            formed.Nodes.Where(node => cuda && node.Op == "ConvTranspose"),
            node => Assert.Equal(Window.Of(node).Before, Window.Of(node).After));
        foreach (var (sums, found) in expected.Zip(Run(formed, numbers, cuda ? TestDevice.Chosen : Device.Cpu)))
        {
            double largest = sums.Max(Math.Abs);
            Assert.Equal(sums.Length, found.Length);
            Assert.InRange(sums.Zip(found, (a, b) => Math.Abs(a - b)).Max() / largest, 0, 1e-5);
        }
    }

    [Fact]
    public void Activation_is_fused_if_it_is_the_only_reader_of_a_convolution()
    {
        var graph = new Graph("activated");
        Value x = graph.Input("x", ElementType.Float, new(2, Channels, 12, 12));
        Value w = graph.Input("w", ElementType.Float, new(Channels, Channels, 3, 3));
        graph.Output(graph.Relu(graph.Conv(x, w)));
        var nodes = RewritePass.ForTraining(graph, cuda: false, ChannelBlock.Size).Graph.Nodes;
        Assert.DoesNotContain(nodes, node => node.Op == "Relu" && ChannelBlock.Size > 1);
    }

    [Theory]
    [InlineData("convolution")]
    [InlineData("convolution of many channels")]
    [InlineData("normalisation")]
    [InlineData("sum")]
    public void An_output_that_feeds_only_a_Relu_stays_as_it_is(string name)
    {
        var graph = new Graph("output");
        int channels = name.EndsWith("many channels", StringComparison.Ordinal) ? 2 * Channels : Channels;
        var x = graph.Input("x", ElementType.Float, new(2, channels, 12, 12));
        Value Each(float number) => graph.Constant(Tensor.Of(new Shape(channels), [.. Enumerable.Repeat(number, channels)]));
        Value Normalized() => graph.BatchNormalization(x, Each(1), Each(0), Each(0), Each(1), 1e-5f).Y;
        var y = name switch
        {
            "normalisation" => Normalized(),
            "sum" => graph.Input("addend", ElementType.Float, x.Shape) + Normalized(),
            _ => graph.Conv(x, graph.Input("w", ElementType.Float, new(channels, channels, 3, 3))),
        };
        graph.Output(y);
        graph.Output(graph.Relu(y));
        float[][] numbers = [.. graph.Inputs.Select((input, i) => Numbers(input.Shape, i))];
        var found = Run(RewritePass.ForTraining(graph, cuda: false, ChannelBlock.Size).Graph, numbers, Device.Cpu);
        Assert.Contains(found[0], number => number < 0);
        Assert.Equal(found[0].Select(number => Math.Max(number, 0)), found[1]);
    }

    private static float[] Numbers(Shape shape, int stream)
    {
        var random = new SeededRandom(4, stream);
        return [.. Enumerable.Range(0, (int)shape.Size).Select(_ => random.Uniform(-1, 1))];
    }

    // Computes max(Y, 0), dX and dW by their definitions.
    private static double[][] Sums(Shape x, Shape w, Shape y, Window window, float[][] numbers)
    {
        double[] results = new double[y.Size], dX = new double[x.Size], dW = new double[w.Size];
        for (int i = 0; i < results.Length; i++)
        {
            int q = i % y[3], p = i / y[3] % y[2], m = i / (y[3] * y[2]) % y[1], n = i / (y[3] * y[2] * y[1]);
            results[i] = numbers[2][m];
            for (int k = 0; k < w[1] * w[2] * w[3]; k++)
            {
                int s = k % w[3], r = k / w[3] % w[2], c = k / (w[3] * w[2]);
                int row = p * window.Strides[0] + r * window.Dilations[0] - window.Before[0];
                int column = q * window.Strides[1] + s * window.Dilations[1] - window.Before[1];
                if (row >= 0 && row < x[2] && column >= 0 && column < x[3])
                {
                    int from = ((n * x[1] + c) * x[2] + row) * x[3] + column, weight = m * w[1] * w[2] * w[3] + k;
                    results[i] += numbers[0][from] * (double)numbers[1][weight];
                    dX[from] += numbers[3][i] * (double)numbers[1][weight];
                    dW[weight] += numbers[3][i] * (double)numbers[0][from];
                }
            }
        }

        return [[.. results.Select(result => Math.Max(result, 0))], dX, dW];
    }

    private static float[][] Run(Graph graph, float[][] numbers, Device device)
    {
        using var session = Sessions.Open(graph, device);
        using var options = new RunOptions();
        var values = graph.Inputs.Zip(numbers, (input, of) => OrtValue.CreateTensorValueFromMemory(of, input.Shape.ToInt64())).ToArray();
        using var results = session.Run(
            options, [.. graph.Inputs.Select(input => input.Name)], values, [.. graph.Outputs.Select(output => output.Name)]);
        Array.ForEach(values, value => value.Dispose());
        return [.. results.Select(result => result.GetTensorDataAsSpan<float>().ToArray())];
    }
}
