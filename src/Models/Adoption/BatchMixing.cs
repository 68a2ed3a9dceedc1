using Fovea.Models.Graphs;

namespace Fovea.Models.Adoption;

/// <summary>
/// Looks for nodes that may compute something over the images of a batch, such as the mean of a batch. The graph alone does not always
/// decide: after a transposition, the first axis is not the batch. <see cref="BatchProof"/> decides.
/// </summary>
internal static class BatchMixing
{
    private static readonly string[] AlongAxis =
        ["Softmax", "LogSoftmax", "Hardmax", "CumSum", "LpNormalization", "TopK", "LayerNormalization", "MeanVarianceNormalization"];

    /// <summary>The first such node; <c>null</c> if there is none.</summary>
    /// <param name="graph">A graph of operator set 17 whose input has a free batch size.</param>
    public static Node? In(Graph graph)
    {
        var ofImages = new HashSet<Value> { graph.Inputs[0] };
        foreach (var node in graph.Nodes.Where(node => node.Inputs.Any(input => input is not null && ofImages.Contains(input))))
        {
            ofImages.UnionWith(node.Outputs);
            if (node is { Domain: "", Inputs: [{ Type: ElementType.Float } first, ..] } && HasBatch(first)
                && (LosesBatch(node) || (AlongAxis.Contains(node.Op) && IsFirstAxis(node))))
            {
                return node;
            }
        }

        return null;
    }

    private static bool HasBatch(Value value) => value.Shape.IsRanked && value.Shape.Rank > 0 && value.Shape[0] == Shape.Free;

    private static bool LosesBatch(Node node) =>
        node.Output is { Type: ElementType.Float, Shape.IsRanked: true } output && !HasBatch(output);

    private static bool IsFirstAxis(Node node)
    {
        int axis = node.Op == "CumSum" ? PartialValues.Of(node[1]) is [{ } known] ? (int)known : 0
            : node.Op == "MeanVarianceNormalization"
                ? node.Ints("axes", [0, 2, 3]).Any(each => each == 0 || each == -node[0].Shape.Rank) ? 0 : 1
            : node.Int32("axis", -1);
        return axis == 0 || axis == -node[0].Shape.Rank;
    }
}
