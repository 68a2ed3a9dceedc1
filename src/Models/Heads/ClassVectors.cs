using Fovea.Models.Graphs;
using Fovea.Models.Summary;

namespace Fovea.Models.Heads;

// y[n, k] = sum over c of x[n, k, c] w[k, c]. Exporters write it as ReduceSum(x * w), and adoption writes the Einsum bkc,kc->bk as a
// MatMul of matrices of one column, x[k, n, c] w[k, c, 1].

/// <summary>
/// Recognises a linear layer in which each class has features of its own, with one vector of weights, as in Query2Label's decoder.
/// </summary>
internal static class ClassVectors
{
    /// <summary>
    /// The features x, [N, classes, features], and the number of classes, if the node computes such a layer; <c>null</c> for other nodes.
    /// If all classes have the same features, x may be [N, 1, features].
    /// </summary>
    public static (Value X, int Classes)? Of(Node node)
    {
        var x = node switch
        {
            { Op: "MatMul", Domain: "" } when IsConstant(node[1]) && node[1].Shape is { Rank: 3 } w && w[2] == 1 => Turned(node[0]),
            { Op: "ReduceSum", Domain: "" } when IsOverLastAxis(node) && node[0].Producer is { Op: "Mul", Domain: "" } product =>
                Weighted(product[0], product[1]) ?? Weighted(product[1], product[0]),
            _ => null,
        };
        int classes = node.Op == "MatMul" ? node[1].Shape.IsRanked ? node[1].Shape[0] : 0 : x is null ? 0 : node[0].Shape[1];
        return x?.Shape is { Rank: 3 } shape && shape[1] > 0 && shape[2] > 0 && classes > 0 ? (x, classes) : null;
    }

    // The x of a Transpose from x[n, k, c] to [k, n, c].
    private static Value? Turned(Value value) =>
        value.Producer is { Op: "Transpose", Domain: "" } turn && turn.Ints("perm") is [1, 0, 2] ? turn[0] : null;

    // The x, if w is a constant with one number for each class and feature.
    private static Value? Weighted(Value x, Value w) =>
        IsConstant(w) && x.Shape is { Rank: 3 } shape && w.Shape is { Rank: 2 or 3 } weights
        && weights[-1] == shape[2] && (shape[1] == 1 || weights[-2] == shape[1]) && weights.Size == (long)weights[-2] * shape[2]
            ? x
            : null;

    private static bool IsOverLastAxis(Node node) =>
        node.Given("axes", 1) is [var axis] && (axis == -1 || axis == node[0].Shape.Rank - 1);

    private static bool IsConstant(Value value) => LayerWeights.Leaves(value).Any();
}
