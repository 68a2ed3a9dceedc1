using Fovea.Models.Adoption;
using Fovea.Models.Graphs;

namespace Fovea.Models.Quantization;

/// <summary>
/// Creates the graph of a quantised network in the form that runtimes expect: float operators between pairs of QuantizeLinear and
/// DequantizeLinear, which ONNX Runtime fuses into integer operators. Activations are unsigned bytes, weights are signed bytes with a scale
/// for each output channel, and biases are 32-bit integers.
/// </summary>
internal sealed class QuantizedNetwork
{
    private readonly QuantizationPlan plan;
    private readonly Func<Value, ValueRange> range;
    private readonly int weightBits;
    private readonly GraphCopy copy;
    private readonly Dictionary<Value, Value> dequantized = [];

    private QuantizedNetwork(Graph network, QuantizationPlan plan, Func<Value, ValueRange> range, int weightBits) =>
        (this.plan, this.range, this.weightBits, copy) = (plan, range, weightBits, new(network));

    /// <summary>Returns the quantised network, with the input, output and metadata of the source.</summary>
    /// <param name="network">The network, as <see cref="FoldedNormalization"/> returns it.</param>
    /// <param name="plan">The plan for the network.</param>
    /// <param name="range">Returns the range of a tensor that is a value of <see cref="QuantizationPlan.Quantized"/>.</param>
    /// <param name="weightBits">The bits of a weight: 8, or 7 for processors on which sums of products may saturate.</param>
    public static Graph Of(Graph network, QuantizationPlan plan, Func<Value, ValueRange> range, int weightBits)
    {
        var form = new QuantizedNetwork(network, plan, range, weightBits);
        form.copy.CopyInputs();
        form.copy.CopyNodes(form.Rewrite);
        return form.copy.Finish();
    }

    private Graph Target => copy.Target;

    private IReadOnlyList<Value> Rewrite(Node node, Value?[] inputs)
    {
        // If a float operator computes a tensor, other float operators read it before it is rounded.
        bool isInteger = plan.IsInteger(node);
        Value?[] read =
        [
            .. inputs.Select((input, i) => node.Inputs[i] is { } from && plan.Quantized.ContainsKey(from)
                && (isInteger || plan.IsRounded(from))
                ? Read(from)
                : input),
        ];
        return plan.Layers.Contains(node) ? Layer(node, read)
            : plan.IsKept(node) ? Kept(node, read)
            : copy.Copied(node, read);
    }

    // Copies a layer that must compute with floats. ONNX Runtime would quantise the weights of a layer between DequantizeLinear and
    // QuantizeLinear; a Max after the layer that changes no number prevents this.
    private IReadOnlyList<Value> Kept(Node node, Value?[] inputs) =>
        [Target.Apply("Max", [copy.Copied(node, inputs)[0], Target.Scalar(float.MinValue)])];

    private IReadOnlyList<Value> Layer(Node node, Value?[] inputs)
    {
        int axis = node.Op == "Conv" || node.Int("transB") != 0 ? 0 : 1;
        float alpha = node.Op == "Gemm" ? node.Float("alpha", 1) : 1, beta = node.Op == "Gemm" ? node.Float("beta", 1) : 1;
        var bias = node.Inputs.ElementAtOrDefault(2)?.Constant;
        var integers = QuantizedWeights.Of(
            node[1].Constant!, axis, bias is null ? [] : bias.Floats, Range(node[0]).Scale, weightBits, alpha, beta);
        inputs[1] = Dequantized(
            node[1].Name, integers.Weights, integers.Scales,
            new(ElementType.Int8, new(integers.Scales.Length), new byte[integers.Scales.Length]), axis, node.Name);
        if (integers.Bias is { } shift)
        {
            var zeros = Tensor.OfInt32(new int[integers.BiasScales.Length]);
            inputs[2] = Dequantized(node.Inputs[2]!.Name, shift, integers.BiasScales, zeros, axis: 0, node.Name);
        }

        return copy.Copied(node, inputs, ["alpha", "beta"]);
    }

    private ValueRange Range(Value value) => range(plan.Quantized[value]);

    // The output of DequantizeLinear, which the readers of a quantised tensor get. The nodes are added at the first call.
    private Value Read(Value value)
    {
        if (dequantized.TryGetValue(value, out var known))
        {
            return known;
        }

        var chosen = Range(value);

        // A summary counts a node named LAYER/... as part of LAYER. The network's input is not a layer, so its nodes get another name.
        var name = value.Producer is null ? $"{value.Name}_quantized" : value.Name;
        var scale = Target.Initializer($"{name}/scale", Tensor.Scalar(chosen.Scale));
        var zero = Target.Initializer($"{name}/zero", new Tensor(ElementType.UInt8, Shape.Scalar, new[] { chosen.ZeroPoint }));
        var integers = Target.Add("QuantizeLinear", [copy[value], scale, zero], name: $"{name}/integers").Output;
        return dequantized[value] =
            Target.Add("DequantizeLinear", [integers, scale, zero], name: $"{name}/floats").Output;
    }

    // Adds quantised weights with their DequantizeLinear. The names contain the layer's name, since layers may share weights but have
    // inputs with different scales.
    private Value Dequantized(string name, Tensor integers, float[] scales, Tensor zeros, int axis, string layer)
    {
        var prefix = $"{name}:{layer}";
        Value[] inputs =
        [
            Target.Initializer($"{prefix}:integers", integers),
            Target.Initializer($"{prefix}:scales", Tensor.Of(new Shape(scales.Length), scales)),
            Target.Initializer($"{prefix}:zeros", zeros),
        ];
        return Target.Add("DequantizeLinear", inputs, [("axis", (long)axis)], $"{prefix}:floats").Output;
    }
}
