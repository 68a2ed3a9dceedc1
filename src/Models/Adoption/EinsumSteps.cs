using Fovea.Models.Graphs;

namespace Fovea.Models.Adoption;

/// <summary>
/// Computes an Einsum step by step, two operands at a time: sums over axes that occur in one operand alone, then a product, elementwise or
/// of matrices.
/// </summary>
internal static class EinsumSteps
{
    // In operator sets before 13, ReduceSum, Squeeze and Unsqueeze have their axes as an attribute.
    private const int SetWithAxesAsInput = 13;

    /// <summary>The result; <c>null</c> if the lengths of axes that must become one are unknown.</summary>
    /// <param name="g">The graph that receives the nodes.</param>
    /// <param name="operands">The operands, of known ranks.</param>
    /// <param name="equation">The equation.</param>
    public static Value? Write(Graph g, Value[] operands, EinsumEquation equation)
    {
        (Value Value, string Axes) product = (operands[0], equation.Terms[0]);
        for (int i = 1; i < operands.Length; i++)
        {
            // An axis stays while the result or a later operand has it.
            var kept = equation.Result + string.Concat(equation.Terms.Skip(i + 1));
            if (Multiplied(g, product, (operands[i], equation.Terms[i]), kept) is not { } next)
            {
                return null;
            }

            product = next;
        }

        var (sum, axes) = Summed(g, product, equation.Result);
        return EinsumForm.Ordered(g, sum, axes, equation.Result);
    }

    /// <summary>Whether no axis of <paramref name="axes"/> has length 1 in one operand and another length in the other.</summary>
    public static bool HaveEqualLengths((Value Value, string Axes) a, (Value Value, string Axes) b, IEnumerable<char> axes) =>
        axes.All(axis => Length(a, axis) == Length(b, axis) || (Length(a, axis) != 1 && Length(b, axis) != 1));

    private static (Value Value, string Axes)? Multiplied(Graph g, (Value Value, string Axes) a, (Value Value, string Axes) b, string kept)
    {
        a = Summed(g, a, kept + b.Axes);
        b = Summed(g, b, kept + a.Axes);
        string batch = Only(a.Axes, axis => b.Axes.Contains(axis) && kept.Contains(axis));
        string summed = Only(a.Axes, axis => b.Axes.Contains(axis) && !kept.Contains(axis));
        string ownA = Only(a.Axes, axis => !b.Axes.Contains(axis)), ownB = Only(b.Axes, axis => !a.Axes.Contains(axis));
        var axes = batch + ownA + ownB;
        if (summed.Length == 0)
        {
            var left = Widened(g, EinsumForm.Ordered(g, a.Value, a.Axes, batch + ownA), a.Axes.Length, ownB.Length);
            var right = Widened(g, EinsumForm.Ordered(g, b.Value, b.Axes, batch + ownB), batch.Length, ownA.Length);
            return (left * right, axes);
        }

        if (!HaveEqualLengths(a, b, summed)
            || Grouped(g, a, batch, ownA, summed) is not { } rows || Grouped(g, b, batch, summed, ownB) is not { } columns)
        {
            return null;
        }

        var product = g.MatMul(rows, columns);
        if (ownA.Length == 1 && ownB.Length == 1)
        {
            return (product, axes);
        }

        int[] lengths = [.. batch.Select(_ => 0), .. ownA.Select(axis => Length(a, axis)), .. ownB.Select(axis => Length(b, axis))];
        return lengths.Count(length => length < 0) > 1 ? null : (g.Reshape(product, new Shape(lengths)), axes);
    }

    // The operand as matrices: the batch axes stay, and each of the two groups of axes becomes one axis.
    private static Value? Grouped(Graph g, (Value Value, string Axes) x, string batch, string first, string second)
    {
        var ordered = EinsumForm.Ordered(g, x.Value, x.Axes, batch + first + second);
        if (first.Length == 1 && second.Length == 1)
        {
            return ordered;
        }

        int rows = Product(x, first), columns = Product(x, second);
        return rows < 0 && columns < 0 ? null : g.Reshape(ordered, new Shape([.. batch.Select(_ => 0), rows, columns]));
    }

    private static (Value Value, string Axes) Summed(Graph g, (Value Value, string Axes) x, string kept)
    {
        long[] axes = [.. x.Axes.Index().Where(axis => !kept.Contains(axis.Item)).Select(axis => (long)axis.Index)];
        return axes.Length == 0 ? x : (WithAxes(g, "ReduceSum", x.Value, axes, ("keepdims", 0L)), Only(x.Axes, kept.Contains));
    }

    // Inserts axes of length 1.
    private static Value Widened(Graph g, Value x, int at, int count) =>
        count == 0 ? x : WithAxes(g, "Unsqueeze", x, [.. Enumerable.Range(at, count).Select(axis => (long)axis)]);

    /// <summary>Adds a node with axes, which are an attribute before operator set 13 and an input since then.</summary>
    public static Value WithAxes(Graph g, string op, Value x, long[] axes, params ReadOnlySpan<(string, object)> attributes) =>
        g.OperatorSets[""] < SetWithAxesAsInput
            ? g.Apply(op, [x], [("axes", axes), .. attributes])
            : g.Apply(op, [x, g.Constant(Tensor.Of(axes))], attributes);

    private static int Length((Value Value, string Axes) x, char axis) => x.Value.Shape[x.Axes.IndexOf(axis, StringComparison.Ordinal)];

    // The number of elements along several axes; -1 if a length is unknown or the number exceeds 32 bits.
    private static int Product((Value Value, string Axes) x, string axes) =>
        axes.Aggregate(1, (product, axis) =>
            product < 0 || Length(x, axis) < 0 || (long)product * Length(x, axis) > int.MaxValue ? -1 : product * Length(x, axis));

    private static string Only(string axes, Func<char, bool> isWanted) => new([.. axes.Where(isWanted)]);
}
