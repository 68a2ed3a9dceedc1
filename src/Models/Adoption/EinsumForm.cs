using Fovea.Models.Graphs;

namespace Fovea.Models.Adoption;

// An equation such as bi,oi->bo names the axes of the operands by letters. A letter in both operands and not in the result is summed
// over; one in both and in the result is a batch axis; any other is an axis of one operand alone. With batch axes first,
// A[batch.., own.., summed..] B[batch.., summed.., own] = MatMul(A, B)[batch.., own.., own]. Three dots stand for axes without a letter.

/// <summary>
/// Writes an Einsum as a MatMul, or as products, sums and changes of the axes' order, which fine-tuning and the rewrites know. An equation
/// with a letter twice in one operand (a diagonal) stays an Einsum, and so does one whose axes have unknown lengths.
/// </summary>
internal static class EinsumForm
{
    /// <summary>The value that replaces the node's output; <c>null</c> if the node stays.</summary>
    /// <param name="g">The graph that receives the nodes.</param>
    /// <param name="node">The Einsum node.</param>
    /// <param name="inputs">The node's inputs in <paramref name="g"/>.</param>
    public static Value? Product(Graph g, Node node, Value?[] inputs)
    {
        Value[] operands = [.. inputs.OfType<Value>()];
        if (operands.Length == 0 || operands.Length != inputs.Length || !operands.All(operand => operand.Shape.IsRanked)
            || EinsumEquation.Parse(node.Text("equation", ""), [.. operands.Select(operand => operand.Shape.Rank)]) is not { } equation)
        {
            return null;
        }

        if (operands is [var a, var b])
        {
            // Weights become the second operand, as in other linear layers.
            var (first, second) = a.Constant is null ? ((a, equation.Terms[0]), (b, equation.Terms[1]))
                : ((b, equation.Terms[1]), (a, equation.Terms[0]));
            if ((MatMul(g, first, second, equation.Result) ?? MatMul(g, second, first, equation.Result)) is { } product)
            {
                return product;
            }
        }

        return EinsumSteps.Write(g, operands, equation);
    }

    /// <summary>The value with its axes in another order.</summary>
    public static Value Ordered(Graph g, Value value, string axes, ReadOnlySpan<char> wanted) => axes.AsSpan().SequenceEqual(wanted)
        ? value
        : g.Transpose(value, [.. wanted.ToArray().Select(axis => axes.IndexOf(axis, StringComparison.Ordinal))]);

    // Returns the product of two operands as one MatMul; null if one MatMul cannot compute it, for example because the second operand has
    // two axes of its own.
    private static Value? MatMul(Graph g, (Value Value, string Axes) a, (Value Value, string Axes) b, string result)
    {
        char[] batch = [.. a.Axes.Where(axis => b.Axes.Contains(axis) && result.Contains(axis))];
        char[] summed = [.. a.Axes.Where(axis => b.Axes.Contains(axis) && !result.Contains(axis))];
        char[] ownA = [.. a.Axes.Except(b.Axes)], ownB = [.. b.Axes.Except(a.Axes)];
        bool isProduct = summed.Length > 0 && ownB.Length == 1 && ownA.All(result.Contains) && ownB.All(result.Contains)
            && (batch.Length == 0 ? ownA.Length > 0 : ownA.Length == 1 && summed.Length == 1)
            && result.Length == batch.Length + ownA.Length + 1
            && EinsumSteps.HaveEqualLengths(a, b, summed);
        if (!isProduct)
        {
            return null;
        }

        var left = Ordered(g, a.Value, a.Axes, [.. batch, .. ownA, .. summed]);
        var right = Ordered(g, b.Value, b.Axes, [.. batch, .. summed, .. ownB]);
        if (summed.Length > 1)
        {
            // A matrix product sums over one axis, so several axes to sum over are joined into one.
            left = g.Reshape(left, new Shape([.. ownA.Select(_ => 0), -1]));
            right = g.Reshape(right, new Shape(-1, right.Shape[-1]));
            if (right.Shape[-1] <= 0)
            {
                return null;
            }
        }

        return Ordered(g, g.MatMul(left, right), new string([.. batch, .. ownA, .. ownB]), result);
    }
}
