using Fovea.Models.Graphs;

namespace Fovea.Models.Adoption;

// An equation such as bi,oi->bo names the axes of both operands by letters. A letter in both operands and not in the result is summed
// over; one in both and in the result is a batch axis; any other is an axis of one operand alone. With batch axes first,
// A[batch.., own.., summed..] B[batch.., summed.., own] = MatMul(A, B)[batch.., own.., own].

/// <summary>
/// Writes an Einsum of two operands as a MatMul, which fine-tuning and the rewrites know. An equation that no single MatMul computes stays
/// an Einsum.
/// </summary>
internal static class EinsumForm
{
    /// <summary>The value that replaces the node's output; <c>null</c> if the node stays.</summary>
    /// <param name="g">The graph that receives the nodes.</param>
    /// <param name="node">The Einsum node.</param>
    /// <param name="inputs">The node's inputs in <paramref name="g"/>.</param>
    public static Value? Product(Graph g, Node node, Value?[] inputs)
    {
        var sides = node.Text("equation", "").Replace(" ", "", StringComparison.Ordinal).Split("->");
        var terms = sides[0].Split(',');
        if (sides.Length > 2 || terms.Length != 2 || inputs is not [{ } a, { } b])
        {
            return null;
        }

        var result = sides.Length == 2 ? sides[1] : Implicit(terms[0] + terms[1]);
        bool isPlain = IsPlain(terms[0]) && IsPlain(terms[1]) && IsPlain(result);
        if (!isPlain || a.Shape.Rank != terms[0].Length || b.Shape.Rank != terms[1].Length)
        {
            return null;
        }

        // Weights become the second operand, as in other linear layers.
        var (first, second) = a.Constant is null ? ((a, terms[0]), (b, terms[1])) : ((b, terms[1]), (a, terms[0]));
        return Product(g, first, second, result) ?? Product(g, second, first, result);
    }

    // Returns the product of two operands as one MatMul; null if one MatMul cannot compute it, for example because the second operand has
    // two axes of its own.
    private static Value? Product(Graph g, (Value Value, string Axes) a, (Value Value, string Axes) b, string result)
    {
        char[] batch = [.. a.Axes.Where(axis => b.Axes.Contains(axis) && result.Contains(axis))];
        char[] summed = [.. a.Axes.Where(axis => b.Axes.Contains(axis) && !result.Contains(axis))];
        char[] ownA = [.. a.Axes.Except(b.Axes)], ownB = [.. b.Axes.Except(a.Axes)];
        bool isProduct = summed.Length > 0 && ownB.Length == 1 && ownA.All(result.Contains) && ownB.All(result.Contains)
            && (batch.Length == 0 ? ownA.Length > 0 : ownA.Length == 1 && summed.Length == 1)
            && result.Length == batch.Length + ownA.Length + 1;
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

        return Ordered(g, g.MatMul(left, right), new string([.. batch, .. ownA, .. ownB]), result.ToCharArray());
    }

    private static Value Ordered(Graph g, Value value, string axes, char[] wanted) => axes.AsSpan().SequenceEqual(wanted)
        ? value
        : g.Transpose(value, [.. wanted.Select(axis => axes.IndexOf(axis, StringComparison.Ordinal))]);

    // Whether an operand's term names each axis by a different letter. The term "..." for unnamed axes is not plain.
    private static bool IsPlain(string term) => term.All(char.IsAsciiLetter) && term.Distinct().Count() == term.Length;

    // Without an arrow, the result has the letters that occur once, in the order of the alphabet.
    private static string Implicit(string letters) =>
        new([.. letters.GroupBy(letter => letter).Where(group => group.Count() == 1).Select(group => group.Key).Order()]);
}
