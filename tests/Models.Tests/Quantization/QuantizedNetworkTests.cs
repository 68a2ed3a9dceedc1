using Fovea.Models.Adoption;
using Fovea.Models.Graphs;
using Fovea.Models.Metadata;
using Fovea.Models.Quantization;
using Fovea.Models.Runtime;

namespace Fovea.Models.Tests.Quantization;

public sealed class QuantizedNetworkTests : IDisposable
{
    private static readonly string[] IntegerLayers = ["conv1", "conv2", "conv3", "small", "large", "fc"];

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Folded_normalisation_gives_the_same_output()
    {
        var network = ResidualNetwork.Build();
        var folded = FoldedNormalization.Of(network);
        Assert.DoesNotContain(folded.Nodes, node => node.Op is "BatchNormalization" or "Dropout");
        Assert.Equal("logits", folded.Outputs[0].Name);
        Assert.Equal(ResidualNetwork.Run(network), ResidualNetwork.Run(folded), Near(1e-4f));
    }

    [Fact]
    public void Normalisation_of_an_output_that_others_read_stays()
    {
        var network = ResidualNetwork.Build();
        network.Output(network.Nodes.First(node => node.Op == "BatchNormalization")[0]);
        Assert.Single(FoldedNormalization.Of(network).Nodes, node => node.Op == "BatchNormalization");
    }

    // Weights of 8 bits may saturate on a processor without VNNI, which is why 7 bits exist.
    [Fact]
    public void Integers_give_nearly_the_output_of_the_floats()
    {
        var network = ResidualNetwork.Build();
        var expected = ResidualNetwork.Run(network);
        var found = ResidualNetwork.Run(ResidualNetwork.Quantized(network, bits: 7));
        float largest = expected.Max(Math.Abs);
        Assert.Equal(expected, found, Near(0.06f * largest));
        for (int image = 0; image < ResidualNetwork.Images; image++)
        {
            var own = expected.AsSpan(image * ResidualNetwork.Classes, ResidualNetwork.Classes).ToArray();
            var ordered = own.OrderDescending().ToArray();
            int top = Array.IndexOf(own, ordered[0]);
            var other = found.AsSpan(image * ResidualNetwork.Classes, ResidualNetwork.Classes).ToArray();
            Assert.True(ordered[0] - ordered[1] < 0.1f * largest || Array.IndexOf(other, other.Max()) == top);
        }
    }

    [Fact]
    public void ONNX_Runtime_computes_every_layer_with_integers()
    {
        var ops = OptimizedOps(ResidualNetwork.Quantized(ResidualNetwork.Build(), bits: 7));
        Assert.DoesNotContain(ops, op => op is "Conv" or "FusedConv" or "Gemm" or "Relu" or "Clip" or "Add");
        Assert.Equal(5, ops.Count(op => op == "QLinearConv"));
        Assert.Contains("QLinearAdd", ops);
        Assert.Contains("QLinearConcat", ops);
        Assert.Contains("QGemm", ops);
        Assert.Single(ops, op => op == "QuantizeLinear");
    }

    [Fact]
    public void Layer_that_is_kept_stays_a_convolution_of_floats()
    {
        var quantized = ResidualNetwork.Quantized(ResidualNetwork.Build(), 7, "conv2");
        var kept = quantized.Nodes.Single(node => node.Name == "conv2");
        Assert.Equal(ElementType.Float, kept[1].Constant!.Type);
        var ops = OptimizedOps(quantized);
        Assert.Equal(4, ops.Count(op => op == "QLinearConv"));
        Assert.Single(ops, op => op is "Conv" or "FusedConv");
    }

    [Theory]
    [InlineData(8, 127)]
    [InlineData(7, 64)]
    public void Weights_have_the_bits_that_are_asked_for(int bits, int limit)
    {
        var quantized = ResidualNetwork.Quantized(ResidualNetwork.Build(), bits);
        var weights = quantized.Initializers.Where(i => i.Value.Type == ElementType.Int8 && i.Value.Shape.Rank > 1).ToArray();
        Assert.Equal(IntegerLayers.Length, weights.Length);
        Assert.All(weights, w => Assert.Equal(limit, w.Value.Bytes.ToArray().Max(b => Math.Abs((int)(sbyte)b))));
    }

    [Fact]
    public void Quantised_network_becomes_one_of_floats_again()
    {
        var network = ResidualNetwork.Build();
        var floats = Dequantization.Of(ResidualNetwork.Quantized(network));
        Assert.DoesNotContain(floats.Nodes, node => node.Op is "QuantizeLinear" or "DequantizeLinear");
        var expected = ResidualNetwork.Run(network);
        Assert.Equal(expected, ResidualNetwork.Run(floats), Near(0.06f * expected.Max(Math.Abs)));
    }

    [Fact]
    public void Quantised_file_is_a_base_of_floats_for_training()
    {
        var quantized = ResidualNetwork.Quantized(ResidualNetwork.Build());
        new ModelMetadata
        {
            Preprocessing = new() { Crop = [12, 12] },
            Quantization = new(new("model.onnx", "0"), "minMax", 1, 1, 7, [], 1, 1),
        }.WriteTo(quantized);
        OnnxFile.Write(quantized, folder["int8.onnx"]);
        var (network, metadata, _) = ModelAdoption.BaseOf(folder["int8.onnx"], null, null);
        Assert.DoesNotContain(network.Nodes, node => node.Op is "QuantizeLinear" or "DequantizeLinear");
        Assert.Null(metadata.Quantization);
        Assert.NotNull(ModelMetadata.Read(OnnxFile.Read(folder["int8.onnx"]).Metadata).Quantization);
    }

    [Fact]
    public void Operators_on_floats_read_what_floats_compute()
    {
        // With both layers beside it as floats, the tensor between them is rounded for neither.
        var quantized = ResidualNetwork.Quantized(ResidualNetwork.Build(), 7, "conv2", "conv3");
        Assert.Equal("conv2/relu", quantized.Nodes.Single(node => node.Name == "conv3")[0].Name);
        var network = FoldedNormalization.Of(ResidualNetwork.Build());
        Assert.Contains(
            new QuantizationPlan(network, []).Groups, group => group.Select(layer => layer.Name).SequenceEqual(["conv2", "conv3"]));
    }

    [Fact]
    public void Plan_with_fewer_layers_has_no_other_tensors()
    {
        var network = FoldedNormalization.Of(ResidualNetwork.Build());
        var layers = QuantizationPlan.LayersOf(network);
        Assert.Equal(IntegerLayers, layers.Select(layer => layer.Name));
        var all = new QuantizationPlan(network, []).Quantized.Keys.ToHashSet();
        Assert.All(layers, layer => Assert.Subset(all, new QuantizationPlan(network, [layer]).Quantized.Keys.ToHashSet()));
    }

    [Fact]
    public void Bias_that_would_overflow_widens_the_scale_of_its_channel()
    {
        var weights = QuantizedWeights.Of(Tensor.Of(new(2, 1), 1e-9f, 1), axis: 0, bias: [1000, 1], input: 1e-3f, bits: 8);
        Assert.Equal(1000, weights.Bias!.Int32s[0] * (double)weights.BiasScales[0], 1e-2);
        Assert.Equal(1, weights.Bias!.Int32s[1] * (double)weights.BiasScales[1], 1e-4);
        Assert.Equal([0, 127], weights.Weights.Bytes.ToArray());
    }

    private string[] OptimizedOps(Graph graph)
    {
        using var session = Sessions.Open(graph, options => options.OptimizedModelFilePath = folder["optimized.onnx"]);
        return [.. OnnxFile.Outline(folder["optimized.onnx"]).Graph.Node.Select(node => node.OpType)];
    }

    private static Func<float, float, bool> Near(float tolerance) => (a, b) => Math.Abs(a - b) <= tolerance;
}
