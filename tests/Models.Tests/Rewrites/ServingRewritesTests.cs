using Fovea.Models.Architectures;
using Fovea.Models.Graphs;
using Fovea.Models.Kernels;
using Fovea.Models.Layers;
using Fovea.Models.Rewrites;
using Fovea.Models.Runtime;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Models.Tests.Rewrites;

public class ServingRewritesTests
{
    private const int Channels = 128;

    // Operators that are rewritten, by name, applied to images [N, 128, 9, 6].
    private static readonly Dictionary<string, Func<Graph, Value, Value>> Cases = new()
    {
        ["convolution"] = (g, x) => g.Conv(x, Weights(g), window: Window.Square(3, padding: 1)),
        ["with a bias"] = (g, x) => g.Conv(x, Weights(g), g.Constant(Drawn(3, new Shape(Channels))), Window.Square(3, padding: 1)),
        ["without padding"] = (g, x) => g.Conv(x, Weights(g)),
        ["padded unevenly"] = (g, x) => g.Conv(x, Weights(g), window: new([3, 3], [1, 1], [2, 0], [1, 3], [1, 1])),
        ["padded to the same size"] = (g, x) => g.Apply("Conv", [x, Weights(g)], ("auto_pad", "SAME_LOWER")),
        ["two convolutions"] = (g, x) => Same(g, g.Relu(Same(g, x))),
        ["residual block"] = (g, x) => Same(g, g.Relu(Same(g, g.Relu(Same(g, x))) + x)),
        ["sum of two convolutions"] = (g, x) => Same(g, Same(g, x) + Same(g, x)),
        ["output that is read twice"] = (g, x) => Same(g, x) is var y ? Same(g, g.Relu(y) + y) : x,
        ["batch normalisation"] = (g, x) => g.Relu(Normalized(g, Same(g, x))) * g.Scalar(2),
        ["normalisation"] = (g, x) => Lrn(g, x, ("size", 5L), ("alpha", 0.3f), ("bias", 2f)),
        ["by another power"] = (g, x) => Lrn(g, x, ("size", 3L), ("alpha", 0.7f), ("beta", 0.6f)),
        ["six filters, ReLU and mean"] = (g, x) =>
            Mean(g, g.Relu(g.Conv(x, Filters(g, 6), g.Constant(Drawn(3, new Shape(6))), Window.Square(3, padding: 1)))),
        ["mean of an odd number of columns"] = (g, x) =>
            Mean(g, g.Relu(g.Conv(x, Filters(g, 8), window: new([3, 3], [1, 1], [2, 0], [1, 3], [1, 1])))),
        ["one filter and mean"] = (g, x) => Mean(g, g.Conv(x, Filters(g, 1))),
    };

    public static TheoryData<string> Names => new(Cases.Keys);

    public static TheoryData<string> Rows =>
        new(RewriteTable.Rows.Where(row => row.Uses.HasFlag(RewriteUses.ServingOnCpu)).Select(row => row.Name));

    [Theory, MemberData(nameof(Rows))]
    public void Each_rewrite_has_a_case(string name)
    {
        var row = RewriteTable.Rows.Single(row => row.Name == name);
        bool isSupported = row.Name != "Winograd" || TileTransforms.IsSupported;
        Assert.Equal(isSupported, Cases.Values.Any(apply => Build(apply).Nodes.Any(row.Suits)));
    }

    [Fact]
    public void Text_of_versions_names_the_rewrites_of_a_use()
    {
        var serving = RewriteTable.Versions(RewriteUses.ServingOnCpu);
        Assert.All(Rows, row => Assert.Contains($"{row.Data} ", serving, StringComparison.Ordinal));
        Assert.DoesNotContain("weight gradient", serving, StringComparison.Ordinal);
        Assert.NotEqual(serving, RewriteTable.Versions(RewriteUses.TrainingOnCpu));
    }

    [Theory, MemberData(nameof(Names))]
    public void Rewritten_operator_gives_the_same_output_for_any_batch_size(string name)
    {
        var graph = Build(Cases[name]);
        var rewritten = RewritePass.ForServing(graph) ?? graph;
        Assert.DoesNotContain(rewritten.Nodes, node => node.Op == "LRN" || Winograd.Suits(node) || PairedColumns.Suits(node));
        foreach (int batch in (int[])[1, 3])
        {
            var (expected, actual) = (Run(graph, batch), Run(rewritten, batch));
            Assert.Equal(expected.Shape, actual.Shape);
            float largest = expected.Values.Max(Math.Abs);
            Assert.All(expected.Values.Zip(actual.Values), pair => Assert.Equal(pair.First, pair.Second, 1e-4f * largest));
        }
    }

    public static TheoryData<string> NotRewritten =>
        ["strides", "dilations", "groups", "5 x 5", "few channels", "many filters", "overlapping means", "softmax before the mean"];

    [Theory, MemberData(nameof(NotRewritten))]
    public void Other_operator_is_not_rewritten(string name) => Assert.Null(RewritePass.ForServing(Build((g, x) => name switch
    {
        "strides" => g.Conv(x, Weights(g), window: Window.Square(3, stride: 2)),
        "dilations" => g.Conv(x, Weights(g), window: new([3, 3], [1, 1], [0, 0], [0, 0], [2, 2])),
        "groups" => g.Conv(x, g.Constant(Drawn(2, new Shape(Channels, Channels / 2, 3, 3))), group: 2),
        "5 x 5" => g.Conv(x, g.Constant(Drawn(2, new Shape(Channels, Channels, 5, 5)))),
        "few channels" => g.Conv(x, Filters(g, 8)),
        "many filters" => Mean(g, g.Relu(g.Conv(x, Filters(g, 9)))),
        "overlapping means" => g.AveragePool(g.Conv(x, Filters(g, 6)), Window.Square(2)),
        _ => Mean(g, g.Softmax(g.Conv(x, Filters(g, 6)))),
    })));

    [Theory]
    [InlineData("resnet18", 3, 127, 127)]
    [InlineData("alexnet", 3, 127, 127)]
    [InlineData("googlenet", 3, 127, 127)]
    [InlineData("lenet5", 1, 28, 28)]
    public void Rewritten_network_gives_the_same_logits(string name, params int[] input)
    {
        var network = Catalog.Find(name).Build(classes: 50, input: new Shape(input), seed: 1);
        var rewritten = RewritePass.ForServing(network)!;
        Assert.Equal((network.Inputs[0].Name, network.Outputs[0].Name), (rewritten.Inputs[0].Name, rewritten.Outputs[0].Name));
        var (expected, actual) = (Run(network, 2).Values, Run(rewritten, 2).Values);
        float largest = expected.Max(Math.Abs);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 2e-4f * largest));
    }

    private static Graph Build(Func<Graph, Value, Value> apply)
    {
        var graph = new Graph("images");
        graph.Output(graph.Relu(apply(graph, graph.Input("x", ElementType.Float, new Shape(Shape.Free, Channels, 9, 6)))));
        return graph;
    }

    private static Value Lrn(Graph g, Value x, params ReadOnlySpan<(string, object)> attributes) => g.Apply("LRN", [x], attributes);

    private static Value Same(Graph g, Value x) => g.Conv(x, Weights(g), window: Window.Square(3, padding: 1));

    private static Value Normalized(Graph g, Value x)
    {
        var each = new Shape(Channels);
        Value[] constants = [.. Enumerable.Range(4, 4).Select(seed => g.Constant(Drawn(seed, each)))];
        var variance = g.Constant(Tensor.Of(each, [.. Enumerable.Range(1, Channels).Select(i => i / 50f)]));
        return g.Apply("BatchNormalization", [x, constants[0], constants[1], constants[2], variance], ("epsilon", 1e-3f));
    }

    private static Value Mean(Graph g, Value x) => g.AveragePool(x, Window.Square(2, stride: 2));

    private static Value Weights(Graph g) => Filters(g, Channels);

    private static Value Filters(Graph g, int count) => g.Constant(Drawn(2, new Shape(count, Channels, 3, 3)));

    private static Tensor Drawn(long seed, Shape shape) => Tensor.Drawn(shape, values =>
    {
        var random = new SeededRandom(seed);
        foreach (ref float value in values)
        {
            value = random.Uniform(-0.05f, 0.05f);
        }
    });

    private static (long[] Shape, float[] Values) Run(Graph graph, int batch)
    {
        using var session = Sessions.Open(graph);
        Shape shape = graph.Inputs[0].Shape.With(0, batch);
        var images = new float[shape.Size];
        var random = new SeededRandom(7);
        foreach (ref float value in images.AsSpan())
        {
            value = random.Uniform(-1, 1);
        }

        using var input = OrtValue.CreateTensorValueFromMemory(images, shape.ToInt64());
        using var options = new RunOptions();
        using var outputs = session.Run(options, [graph.Inputs[0].Name], [input], [graph.Outputs[0].Name]);
        return (outputs[0].GetTensorTypeAndShape().Shape, outputs[0].GetTensorDataAsSpan<float>().ToArray());
    }
}
