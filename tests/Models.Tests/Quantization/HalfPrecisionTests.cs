using Fovea.Models.Architectures;
using Fovea.Models.Graphs;
using Fovea.Models.Layers;
using Fovea.Models.Quantization;
using Fovea.Models.Runtime;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Models.Tests.Quantization;

public sealed class HalfPrecisionTests
{
    // Convolutions of all kinds, response normalisation, joined branches, depthwise convolutions, gates of sigmoids, layer normalisation.
    public static TheoryData<string> Networks =>
        ["lenet5", "alexnet", "googlenet", "resnet18", "mobilenetv2", "efficientnet_b0", "squeezenet1_1", "densenet121", "convnext_tiny"];

    [Theory, MemberData(nameof(Networks))]
    [Trait("Needs", "time")]
    public void Network_in_16_bits_gives_nearly_the_outputs_of_the_floats(string name)
    {
        var network = FoldedNormalization.Of(Catalog.Find(name).Build(seed: 1));
        var images = Images(network);
        var plan = new HalfPrecisionPlan(network, Peaks(network, images));
        var halves = HalfPrecisionNetwork.Of(network, plan);
        Assert.Equal((ElementType.Float, ElementType.Float), (halves.Inputs[0].Type, halves.Outputs[0].Type));
        Assert.Equal((network.Inputs[0].Name, network.Outputs[0].Name), (halves.Inputs[0].Name, halves.Outputs[0].Name));
        Assert.True(halves.Initializers.Values.Sum(w => w.ByteLength) < network.Initializers.Values.Sum(w => w.ByteLength));
        var expected = Run(network, images)[0];
        double mean = expected.Average(), spread = Math.Sqrt(expected.Average(x => (x - mean) * (x - mean)));
        Assert.InRange(Error(halves), 1e-7, 5e-2);
        Assert.InRange(Error(HalfPrecisionNetwork.Simulated(network, plan)), 1e-7, 5e-2);

        // The outputs of random networks hardly differ between images, so the error is compared with the spread of one image's outputs.
        double Error(Graph form) =>
            Math.Sqrt(expected.Zip(Run(form, images)[0], (a, b) => ((double)a - b) * (a - b)).Average()) / spread;
    }

    [Fact]
    public void Layers_compute_with_16_bits_and_the_output_with_32()
    {
        var network = FoldedNormalization.Of(ResidualNetwork.Build());
        var halves = HalfPrecisionNetwork.Of(network, Plan(network));
        Assert.All(
            halves.Nodes.Where(node => node.Op is "Conv" or "Relu" or "Add" or "MaxPool" or "Concat" or "GlobalAveragePool"),
            node => Assert.Equal(ElementType.Float16, node.Output.Type));
        Assert.All(halves.Nodes.Where(node => node.Op == "Conv"), node => Assert.Equal(ElementType.Float16, node[1].Constant!.Type));
        Assert.Equal(ElementType.Float, halves.Nodes.Single(node => node.Op == "Gemm").Output.Type);

        // One cast at the input and one before the last layer.
        Assert.Equal(2, halves.Nodes.Count(node => node.Op == "Cast"));
    }

    // A product alone has no sum whose order matters, so that the numbers are equal to the last bit.
    [Fact]
    public void A_simulated_convolution_is_the_rounded_convolution_of_rounded_numbers()
    {
        var graph = Layered(weight: 0.3f);
        var halves = HalfPrecisionNetwork.Simulated(graph, Plan(graph));
        float[] image = [1.0001f, 2.0003f, -3.0007f, 0.1f];
        var found = Run(halves, image)[0];
        float w = (float)(Half)0.3f;
        var hidden = image.Select(x => (float)(Half)((float)(Half)x * w)).ToArray();
        Assert.Equal(hidden.Select(h => h * 2f), found);
        Assert.NotEqual(Run(graph, image)[0], found);
    }

    [Theory]
    [InlineData(0.3f, 1, null)]
    [InlineData(70000f, 1e-3f, FloatReason.Weights)] // becomes infinite
    [InlineData(3e-6f, 1, FloatReason.Weights)] // is subnormal and loses 1 % of its value
    [InlineData(100f, 1000, FloatReason.LargeValues)] // gives 100,000
    [InlineData(10f, 1000, null)]
    [InlineData(100f, 200, FloatReason.LargeValues)] // gives 20,000; another image may give more than 65,504
    [InlineData(0.01f, 1e-3f, FloatReason.SmallValues)] // gives 10^-5
    public void Values_that_16_bits_do_not_hold_stay_floats(float weight, float pixel, object? reason)
    {
        var graph = Layered(weight);
        float[] image = [pixel, -pixel / 2, pixel / 3, pixel];
        var plan = new HalfPrecisionPlan(graph, Peaks(graph, image));
        var node = graph.Nodes.First(node => node.Op == "Conv");
        Assert.Equal(reason, plan.Kept.TryGetValue(node, out var found) ? (object)found : null);
        var (expected, halves) = (Run(graph, image)[0], Run(HalfPrecisionNetwork.Simulated(graph, plan), image)[0]);
        Assert.All(expected.Zip(halves), pair => Assert.InRange(pair.Second, pair.First - Math.Abs(pair.First * 2e-3f),
            pair.First + Math.Abs(pair.First * 2e-3f)));
    }

    [Fact]
    public void Small_weights_are_counted()
    {
        var counts = HalfNumbers.CountSmall(Tensor.Of(new Shape(6), 0, 1, 5e-5f, -6e-8f, 1e-8f, -1e-30f));
        Assert.Equal((2, 2), counts);
        Assert.True(HalfNumbers.Damage(Tensor.Of(new Shape(2), 1, 70000)));
        Assert.False(HalfNumbers.Damage(Tensor.Of(new Shape(3), 1, 1e-8f, 0.1f)));
    }

    [Fact]
    public void Operators_that_sum_or_exponentiate_stay_floats_and_tensors_are_converted_once()
    {
        var g = new Graph("attention");
        var x = g.Input("input", ElementType.Float, new Shape(1, 1, 2, 2));
        var w = g.Initializer("w", Tensor.Of(new Shape(1, 1, 1, 1), 0.5f));
        var y = g.Conv(x, w, name: "conv");
        var sums = g.Add("Softmax", [y], name: "softmax").Output;
        var powers = g.Add("Exp", [y], name: "exp").Output;
        var z = g.Conv(sums + powers, w, name: "conv2");
        g.Output(g.Flatten(z, "logits"));
        var plan = Plan(g);
        Assert.Equal(
            [("softmax", FloatReason.Operator), ("exp", FloatReason.Operator), ("logits", FloatReason.Output)],
            plan.Kept.Select(kept => (kept.Key.Name, kept.Value)));
        var halves = HalfPrecisionNetwork.Of(g, plan);
        Assert.Equal(
            ["conv/float", "conv2/float", "input_half"],
            halves.Nodes.Where(node => node.Op == "Cast" && !node.Name.StartsWith("add", StringComparison.Ordinal))
                .Select(node => node.Name).Order());
        Assert.Single(halves.Initializers);
        Run(halves, [1, 2, 3, 4]);
    }

    // Y = 2 (w X), so that the first layer does not compute the output.
    private static Graph Layered(float weight)
    {
        var g = new Graph("layered");
        var x = g.Input("input", ElementType.Float, new Shape(1, 1, 2, 2));
        x = g.Conv(x, g.Initializer("w", Tensor.Of(new Shape(1, 1, 1, 1), weight)), name: "first");
        g.Output(g.Conv(x, g.Initializer("v", Tensor.Of(new Shape(1, 1, 1, 1), 2)), name: "last"));
        return g;
    }

    private static HalfPrecisionPlan Plan(Graph network) => new(network, Peaks(network, Images(network)));

    private static float[] Images(Graph network)
    {
        var random = new SeededRandom(1);
        return [.. Enumerable.Range(0, (int)network.Inputs[0].Shape.With(0, 1).Size).Select(_ => random.Uniform(-1, 1))];
    }

    private static Dictionary<Value, double> Peaks(Graph network, float[] images)
    {
        Value[] tensors = [.. HalfPrecisionPlan.TensorsOf(network).Where(value => value.Producer is not null)];
        Value[] outputs = [.. network.Outputs];
        network.Outputs.Clear();
        Array.ForEach(tensors, network.Output);
        var peaks = tensors.Zip(Run(network, images)).ToDictionary(p => p.First, p => p.Second.Max(x => Math.Abs((double)x)));
        network.Outputs.Clear();
        Array.ForEach(outputs, network.Output);
        peaks[network.Inputs[0]] = images.Max(Math.Abs);
        return peaks;
    }

    private static float[][] Run(Graph graph, float[] images)
    {
        using var session = Sessions.Open(graph);
        using var options = new RunOptions();
        using var input = OrtValue.CreateTensorValueFromMemory(images, graph.Inputs[0].Shape.With(0, 1).ToInt64());
        using var outputs = session.Run(options, session.InputNames, [input], [.. graph.Outputs.Select(output => output.Name)]);
        return [.. outputs.Select(output => output.GetTensorDataAsSpan<float>().ToArray())];
    }
}
