using Fovea.Models.Errors;
using Fovea.Models.Graphs;

namespace Fovea.Models.Adoption;

// QuantizeLinear rounds x / scale + zero point into 0 to 255 (or -128 to 127), and DequantizeLinear returns (q - zero point) scale. In
// floats the pair is Clip(x, (lowest - zero point) scale, (highest - zero point) scale), where lowest and highest bound the integer type:
// only the rounding is lost. The clipping must stay, because quantisers express a ReLU by it.

/// <summary>
/// Turns a quantised graph into a graph of floats, which can be trained. Handles pairs of QuantizeLinear and DequantizeLinear, and
/// quantised operators such as QLinearConv and QLinearMatMul.
/// </summary>
public static class Dequantization
{
    /// <summary>Returns the graph in floats, or the same object if no node is quantised.</summary>
    /// <param name="graph">The graph, which is not changed.</param>
    /// <exception cref="FoveaException">A quantised operator has no known form in floats; the message names it.</exception>
    public static Graph Of(Graph graph)
    {
        if (!graph.Nodes.Any(node => IsQuantize(node) || node.Op == "DequantizeLinear" || IsQuantized(node)))
        {
            return graph;
        }

        var copy = new GraphCopy(graph);
        var floats = new QuantizedValues(copy);
        copy.CopyInputs();
        var integers = new IntegerOperators(copy, floats);
        copy.CopyNodes((node, inputs) => integers.Rewrite(node, inputs) ?? node.Op switch
        {
            "QuantizeLinear" => [floats.Clipped(inputs[0]!, node, scale: 1, zeroPoint: 2)],
            "DequantizeLinear" => [floats.Of(node, 0, scale: 1, zeroPoint: 2)],
            _ when IsQuantized(node) => [floats.Computed(node) ?? throw new FoveaException(
                ErrorCode.BadModelFile,
                $"Node {node.Name} ({node.Op}) computes with quantised numbers and has no known form in floats. Use the model's file from "
                + "before quantisation.")],
            _ => null,
        });
        return copy.Finish();
    }

    private static bool IsQuantize(Node node) => node.Op == "QuantizeLinear";

    private static bool IsQuantized(Node node) =>
        node.Op.StartsWith("QLinear", StringComparison.Ordinal)
            || node.Op is "QGemm" or "ConvInteger" or "MatMulInteger" or "DynamicQuantizeLinear" or "DynamicQuantizeMatMul"
                or "MatMulIntegerToFloat";
}
