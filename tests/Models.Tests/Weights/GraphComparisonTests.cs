using Fovea.Models.Architectures;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Imaging;
using Fovea.Models.Layers;
using Fovea.Models.Weights;

namespace Fovea.Models.Tests.Weights;

/// <summary>Imports of graphs whose weights agree in name and shape with the architecture, with and without other differences.</summary>
public sealed class GraphComparisonTests : IDisposable
{
    private static readonly Architecture Small = new(
        "small", "none", 4, new Preprocessing { Crop = [16, 16] }, (net, x, classes) => Layers(net, x, classes, new()))
    {
        Parameters = 0,
        SmallestSide = 1,
    };

    private readonly TemporaryFolder folder = new();

    public static TheoryData<string, string> Differences => new()
    {
        { "stride", "Conv conv1 has strides [2, 2], expected [1, 1]" },
        { "pads", "Conv conv1 has pads [0, 0, 0, 0], expected [1, 1, 1, 1]" },
        { "epsilon", "BatchNormalization bn1 has epsilon 0.001, expected 1E-05" },
        { "size", "LRN norm1 has size 3, expected 5" },
        { "bias", "LRN norm1 has bias 1, expected 2" },
        { "pool", "MaxPool pool1 has kernel_shape [2, 2], expected [3, 3]" },
        { "ceil", "MaxPool pool1 has output sides [8, 8], expected [7, 7]" },
        { "order", "LRN norm1 has operator LRN, expected MaxPool as in MaxPool pool1" },
        { "relu", "has operator Exp, expected Relu" },
        { "mean", "has operator MaxPool, expected GlobalAveragePool" },
        { "swapped", "has operator" },
    };

    public void Dispose() => folder.Dispose();

    [Theory, MemberData(nameof(Differences))]
    public void Difference_outside_the_weights_is_named(string difference, string clause)
    {
        var error = Assert.Throws<FoveaException>(() => Import(new Variant { Difference = difference }));
        Assert.Contains(clause, error.Message, StringComparison.Ordinal);
        Assert.Contains(folder["source.onnx"], error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("softmax")]
    [InlineData("reshape")]
    [InlineData("no dropout")]
    [InlineData("mean as pool")]
    [InlineData("sum with swapped operands")]
    public void Equivalent_graph_is_accepted(string difference) => Import(new Variant { Difference = difference });

    private void Import(Variant variant)
    {
        var graph = new Graph("foreign");
        var x = graph.Input("input", ElementType.Float, new Shape(Shape.Free, 3, 16, 16));
        graph.Outputs.Add(Layers(new Network(graph, seed: 3), x, 4, variant));
        OnnxFile.Write(graph, folder["source.onnx"]);
        using var file = WeightsFile.Open(folder["source.onnx"]);
        WeightsImport.Fill(Small, file, new());
    }

    private static Value Layers(Network net, Value x, int classes, Variant v)
    {
        var graph = x.Graph;
        x = net.Conv(x, 6, 3, stride: v.Is("stride") ? 2 : 1, padding: v.Is("pads") ? 0 : 1, name: "conv1");
        x = net.BatchNorm(x, "bn1", epsilon: v.Is("epsilon") ? 1e-3f : 1e-5f);
        x = v.Is("relu") ? graph.Exp(x) : net.Relu(x);
        x = v.Is("order") ? x : Normalized(x);
        x = net.MaxPool(x, v.Is("pool") ? 2 : 3, 2, ceil: v.Is("ceil"), name: "pool1");
        x = v.Is("order") ? Normalized(x) : x;
        var (a, b) = (net.Conv(x, 6, 1, name: "left"), net.Conv(x, 6, 1, name: "right"));
        x = v.Is("sum with swapped operands") ? net.Add(net.Relu(b), a)
            : v.Is("swapped") ? net.Add(a, net.Relu(a)) : net.Add(a, net.Relu(b));
        x = v.Is("swapped") ? x + b * 0 : x;
        x = v.Is("mean as pool") ? net.AveragePool(x, 7, 1, "mean")
            : v.Is("mean") ? net.MaxPool(x, 7, 1, name: "mean") : net.GlobalAveragePool(x, "mean");
        x = v.Is("reshape") ? graph.Reshape(x, new Shape(-1, 6)) : net.Flatten(x);
        x = v.Is("no dropout") ? x : net.Dropout(x, 0.5f);
        return v.Is("softmax") ? graph.Add(
            "Softmax", [net.Logits(x, classes, "fc")], [("axis", 1L)], "softmax").Output : net.Logits(x, classes, "fc");

        Value Normalized(Value at) => net.Lrn(at, k: v.Is("bias") ? 1 : 2, size: v.Is("size") ? 3 : 5);
    }

    private sealed record Variant
    {
        public string Difference { get; init; } = "";

        public bool Is(string difference) => Difference == difference;
    }
}
