using Fovea.Models.Adoption;
using Fovea.Models.Graphs;

namespace Fovea.Models.Quantization;

/// <summary>
/// Writes a network with integers in the form that runtimes read: float operators between pairs of QuantizeLinear and DequantizeLinear,
/// which ONNX Runtime fuses into operators on integers. Activations are unsigned bytes, weights signed bytes with a scale for each output
/// channel, and biases 32-bit integers.
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

    /// <summary>The quantised network, with the input, output and metadata of the source.</summary>
    /// <param name="network">The network, as <see cref="FoldedNormalization"/> returns it.</param>
    /// <param name="plan">The plan for the network.</param>
    /// <param name="range">The range of each of the tensors that <see cref="QuantizationPlan.Quantized"/> names.</param>
    /// <param name="weightBits">8, or 7 for processors on which sums of products may saturate.</param>
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
        // Operators on floats read the tensors that floats compute before they are rounded.
        bool isInteger = plan.IsInteger(node);
        Value?[] read =
        [
            .. inputs.Select((input, i) => node.Inputs[i] is { } from && plan.Quantized.ContainsKey(from) && (isInteger || plan.IsRounded(from))
                ? Read(from)
                : input),
        ];
        return plan.Layers.Contains(node) ? Layer(node, read)
            : plan.IsKept(node) ? Kept(node, read)
            : copy.Copied(node, read);
    }

    // ONNX Runtime quantises float weights itself where a layer stands between DequantizeLinear and QuantizeLinear. A Max that changes
    // nothing keeps it from that.
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
            node[1].Name, integers.Weights, integers.Scales, new(ElementType.Int8, new(integers.Scales.Length), new byte[integers.Scales.Length]),
            axis, node.Name);
        if (integers.Bias is { } shift)
        {
            var zeros = Tensor.OfInt32(new int[integers.BiasScales.Length]);
            inputs[2] = Dequantized(node.Inputs[2]!.Name, shift, integers.BiasScales, zeros, axis: 0, node.Name);
        }

        return copy.Copied(node, inputs, ["alpha", "beta"]);
    }

    private ValueRange Range(Value value) => range(plan.Quantized[value]);

    // What readers of a quantised tensor get.
    private Value Read(Value value)
    {
        if (dequantized.TryGetValue(value, out var known))
        {
            return known;
        }

        var chosen = Range(value);

        // Summaries count a node of the name LAYER/... to the layer. The input is none.
        var name = value.Producer is null ? $"{value.Name}_quantized" : value.Name;
        var scale = Target.Initializer($"{name}/scale", Tensor.Scalar(chosen.Scale));
        var zero = Target.Initializer($"{name}/zero", new Tensor(ElementType.UInt8, Shape.Scalar, new[] { chosen.ZeroPoint }));
        var integers = Target.Add("QuantizeLinear", [copy[value], scale, zero], name: $"{name}/integers").Output;
        return dequantized[value] =
            Target.Add("DequantizeLinear", [integers, scale, zero], name: $"{name}/floats").Output;
    }

    // The layer's name is part of the names, since layers may share weights and have inputs of different scales.
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
