using System.Runtime.InteropServices;
using Fovea.Models.Adoption;
using Fovea.Models.Graphs;
using Fovea.Models.Heads;
using Fovea.Models.Runtime;
using Fovea.Models.Summary;

namespace Fovea.Models.Tests.Adoption;

public sealed class RewrittenFormTests
{
    private const int Filters = ForeignNetwork.Filters;

    // PyTorch's LocalResponseNorm: the mean over a window of the squares, from size/2 channels before to (size - 1)/2 after.
    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void Exported_response_normalisation_is_recognised(int size)
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build(body: (g, x) => Normalized(g, x, size)).Write(folder);
        float[] before = Run(OnnxFile.Read(path)), after = Run(ModelAdoption.Read(path, ForeignNetwork.Json()).Graph);
        Assert.Equal(before, after, (a, b) => Math.Abs(a - b) < 1e-4f);
        var ops = ModelAdoption.Read(path, ForeignNetwork.Json()).Graph.Nodes.Select(node => node.Op).ToArray();
        Assert.Equal(size % 2 == 1, ops.Contains("LRN"));
        Assert.DoesNotContain("Pad", ops);
        Assert.NotEmpty(NetworkSummary.Of(OnnxFile.Read(path)).Layers);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Quantised_graph_is_summarised_and_becomes_one_of_floats(bool operators)
    {
        using var folder = new TemporaryFolder();
        var path = (operators ? QuantisedOperators() : QuantisedPairs()).Write(folder);
        Assert.NotEmpty(NetworkSummary.Of(OnnxFile.Read(path)).Layers);
        var adopted = ModelAdoption.Read(path, ForeignNetwork.Json());
        var floats = Dequantization.Of(adopted.Graph);
        Assert.DoesNotContain(floats.Nodes, node => node.Op.Contains("Quantize", StringComparison.Ordinal) || node.Op.StartsWith('Q'));
        Assert.Equal(Run(adopted.Graph), Run(floats), (a, b) => Math.Abs(a - b) < 0.15f);
        Assert.Equal(4, ClassifierHead.Find(floats).Classes);
        var answer = ForeignNetwork.Answer(path);
        Assert.Equal(ForeignNetwork.Softmax().Index().MaxBy(p => p.Item).Index,
            Array.IndexOf(ForeignNetwork.Labels, answer.MaxBy(p => p.Value).Key));
    }

    private static Value Normalized(Graph g, Value x, int size)
    {
        var squares = g.Apply("Unsqueeze", [x * x, g.Constant(Tensor.Of(1))]);
        var padded = g.Pad(squares, [0, 0, size / 2, 0, 0, 0, 0, (size - 1) / 2, 0, 0]);
        var means = g.Apply("AveragePool", [padded], ("kernel_shape", new long[] { size, 1, 1 }), ("strides", new long[] { 1, 1, 1 }));
        var sums = g.Apply("Squeeze", [means, g.Constant(Tensor.Of(1))]);
        return x / g.Pow((sums * 0.7f) + 2f, 0.6f);
    }

    // Weights of 8 bits, and activations that are rounded after each layer.
    private static Graph QuantisedPairs()
    {
        Graph? current = null;
        var g = ForeignNetwork.Build((graph, z) => [Rounded(graph, z, 0.05f, 128)], graph =>
            Rounded(current = graph, graph.Input("data", ElementType.Float, new Shape(-1, 3, 8, 8)), 1 / 255f, 0));
        var quantised = current!.EmptyCopy();
        var values = new Dictionary<Value, Value> { [g.Inputs[0]] = quantised.Input("data", ElementType.Float, new Shape(-1, 3, 8, 8)) };
        foreach (var (value, tensor) in g.Initializers.Where(i => i.Key.Name is "w1" or "w2"))
        {
            var (q, scale) = Quantise(tensor);
            values[value] = quantised.Add(
                "DequantizeLinear", [quantised.Initializer($"{value.Name}_q", q),
                    quantised.Initializer($"{value.Name}_s", Tensor.Scalar(scale))], name: value.Name, outputs: value.Name).Output;
        }

        g.CopyTo(quantised, values);
        quantised.Output(values[g.Outputs[0]]);
        return quantised;
    }

    // The convolution, the mean and the linear layer as operators on bytes, as ONNX Runtime's tool writes them.
    private static Graph QuantisedOperators()
    {
        var plain = ForeignNetwork.Build();
        Tensor Weight(string name) => plain.Initializers.First(i => i.Key.Name == name).Value;
        var g = new Graph("operators");
        Value Zero(ElementType type) => g.Constant(new Tensor(type, Shape.Scalar, new byte[1]));
        Value Bias(string name, float scale) =>
            g.Constant(Tensor.OfInt32([.. Weight(name).Floats.ToArray().Select(b => (int)MathF.Round(b / scale))]));
        var (w1, s1) = Quantise(Weight("w1"));
        var (w2, s2) = Quantise(Weight("w2"));
        float input = 1 / 255f, hidden = 0.01f, features = 0.005f, output = 0.05f;
        var x = g.Apply("QuantizeLinear",
            [g.Input("data", ElementType.Float, new Shape(-1, 3, 8, 8)), g.Scalar(input), Zero(ElementType.UInt8)]);
        var y = g.Apply(
            "QLinearConv",
            [x, g.Scalar(input), Zero(ElementType.UInt8), g.Constant(w1), g.Scalar(s1), Zero(ElementType.Int8), g.Scalar(hidden),
                Zero(ElementType.UInt8), Bias("b1", input * s1)]);
        var mean = g.Apply(
            "com.microsoft", "QLinearGlobalAveragePool",
                [y, g.Scalar(hidden), Zero(ElementType.UInt8), g.Scalar(features), Zero(ElementType.UInt8)],
            new Shape(-1, Filters, 1, 1), ("channels_last", 0L));
        var flat = g.Flatten(mean);
        var z = g.Apply(
            "com.microsoft", "QGemm",
            [flat, g.Scalar(features), Zero(ElementType.UInt8), g.Constant(w2), g.Scalar(s2), Zero(ElementType.Int8),
                Bias("b2", features * s2), g.Scalar(output), g.Constant(new Tensor(ElementType.UInt8, Shape.Scalar, new byte[] { 128 }))],
            new Shape(-1, 4));
        g.Output(g.Apply("DequantizeLinear",
            [z, g.Scalar(output), g.Constant(new Tensor(ElementType.UInt8, Shape.Scalar, new byte[] { 128 }))]));
        return g;
    }

    private static Value Rounded(Graph g, Value x, float scale, byte zero)
    {
        Value Zero() => g.Constant(new Tensor(ElementType.UInt8, Shape.Scalar, new[] { zero }));
        return g.Apply("DequantizeLinear", [g.Apply("QuantizeLinear", [x, g.Scalar(scale), Zero()]), g.Scalar(scale), Zero()]);
    }

    private static (Tensor Values, float Scale) Quantise(Tensor tensor)
    {
        var floats = tensor.Floats.ToArray();
        // Seven bits: processors without VNNI add two products of eight bits in sixteen, which overflow.
        float scale = floats.Max(Math.Abs) / 63;
        sbyte[] values = [.. floats.Select(value => (sbyte)MathF.Round(value / scale))];
        return (new Tensor(ElementType.Int8, tensor.Shape, MemoryMarshal.AsBytes(values.AsSpan()).ToArray()), scale);
    }

    private static float[] Run(Graph graph)
    {
        using var session = Sessions.Open(graph);
        using var input = Microsoft.ML.OnnxRuntime.OrtValue.CreateTensorValueFromMemory(
            ForeignNetwork.Random(40, 0.5f, 2 * 3 * 64).Floats.ToArray().Select(v => v + 0.5f).ToArray(), [2, 3, 8, 8]);
        using var options = new Microsoft.ML.OnnxRuntime.RunOptions();
        using var outputs = session.Run(options, session.InputNames, [input], session.OutputNames);
        return outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }
}
