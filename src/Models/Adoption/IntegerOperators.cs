using Fovea.Models.Errors;
using Fovea.Models.Graphs;

namespace Fovea.Models.Adoption;

// DynamicQuantizeLinear gives q, a scale and a zero point with x = (q - zero point) scale. The copy in floats uses x instead of q, and 1
// instead of the scale. Then MatMulInteger(q, w) is MatMul(x, w - zero point), and the following multiplication by both scales becomes one
// by the weights' scale.

/// <summary>
/// Converts the operators of dynamic quantisation to floats. In dynamic quantisation, each run computes the scale from the values' range.
/// </summary>
internal sealed class IntegerOperators(GraphCopy copy, QuantizedValues floats)
{
    // Values of the source graph that DynamicQuantizeLinear quantised, directly or before a Reshape, MaxPool and the like. In the copy they
    // are floats with scale 1.
    private readonly HashSet<Value> scaled = [];

    private Graph Graph => copy.Target;

    /// <summary>The values that replace a node's outputs; <c>null</c> if the node is no operator of dynamic quantisation.</summary>
    /// <exception cref="FoveaException">The operator's first input does not come from DynamicQuantizeLinear.</exception>
    public IReadOnlyList<Value>? Rewrite(Node node, Value?[] inputs)
    {
        switch (node.Op)
        {
            case "DynamicQuantizeLinear":
                scaled.Add(node.Output);
                return [inputs[0]!, Graph.Scalar(1), Graph.Scalar(0)];
            case "MatMulInteger":
                return [Graph.MatMul(Scaled(node, inputs), floats.Integers(node, 1, zeroPoint: 3, axis: 1))];
            case "ConvInteger":
                var weights = floats.Integers(node, 1, zeroPoint: 3, axis: 0);
                return [Graph.Apply("Conv", [Scaled(node, inputs), weights], [.. node.Attributes.Select(a => (a.Key, a.Value))])];
            case "DynamicQuantizeMatMul":
                var whole = Graph.MatMul(inputs[0]!, floats.Of(node, 1, scale: 2, zeroPoint: 3, axis: 1));
                return [WithBias(whole, inputs.ElementAtOrDefault(4))];
            case "MatMulIntegerToFloat":
                var product = Graph.MatMul(Scaled(node, inputs), floats.Of(node, 1, scale: 3, zeroPoint: 5, axis: 1));
                return [WithBias(product, inputs.ElementAtOrDefault(6))];
            case "Mul" when inputs is [{ } a, { } b] && IsOne(a) | IsOne(b) && node.Domain.Length == 0:
                return [IsOne(a) ? b : a];
            case "Reshape" or "Transpose" or "Flatten" or "Squeeze" or "Unsqueeze" or "MaxPool" or "Identity"
                when scaled.Contains(node[0]):
                scaled.Add(node.Output);
                return null;
            default:
                return null;
        }
    }

    private Value Scaled(Node node, Value?[] inputs) => scaled.Contains(node[0])
        ? inputs[0]!
        : throw new FoveaException(
            ErrorCode.BadModelFile,
            $"Node {node.Name} ({node.Op}) multiplies whole numbers that do not come from DynamicQuantizeLinear, and has no known form "
            + "in floats. Use the model's file from before quantisation.");

    private static Value WithBias(Value product, Value? bias) => bias is null ? product : product + bias;

    private static bool IsOne(Value value) =>
        value.Constant is { Type: ElementType.Float, Shape.Rank: 0 } number && number.Floats[0] == 1;
}
