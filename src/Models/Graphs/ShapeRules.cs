using Fovea.Models.Errors;

namespace Fovea.Models.Graphs;

/// <summary>
/// Infers the element types and shapes of a node's outputs from its inputs, by the rule in the operator's row of the table. An operator
/// without a rule has outputs of unknown type and shape, so that graphs with such operators can still be read and summarised.
/// </summary>
public static class ShapeRules
{
    /// <summary>
    /// Infers the types and shapes of a node's outputs, in the operator's order. Without a rule, or with an input of unknown rank, the
    /// result is one output of unknown type and shape.
    /// </summary>
    /// <exception cref="FoveaException">
    /// The inputs do not fit the operator. The message names the node and the shapes of its inputs.
    /// </exception>
    public static IReadOnlyList<(ElementType Type, Shape Shape)> Infer(Node node)
    {
        if (OperatorTable.Find(node)?.Shape is not { } rule
            || node.Inputs.Any(input => input is { Shape.IsRanked: false }))
        {
            return [(ElementType.Unknown, Shape.Unknown)];
        }

        try
        {
            var outputs = rule(node);
            return outputs.All(output => output.Shape.Dimensions.All(d => d >= Shape.Free))
                ? outputs
                : throw new ShapeMismatchException("an output would have a negative size");
        }
        catch (ShapeMismatchException e)
        {
            throw Misfit(node, e.Message, e);
        }
        catch (Exception e) when (e is IndexOutOfRangeException or ArgumentException or InvalidOperationException or ArithmeticException)
        {
            throw Misfit(node, "a rank, an axis or a size is out of the operator's range", e);
        }
    }

    private static FoveaException Misfit(Node node, string reason, Exception cause)
    {
        var inputs = string.Join(", ", node.Inputs.Select(input => input?.ToString() ?? "no value"));
        return new(ErrorCode.BadModelFile, $"Node {node.Name} ({node.Op}) cannot take the inputs {inputs}: {reason}.", cause);
    }

    /// <summary>The first input's type and shape.</summary>
    internal static (ElementType Type, Shape Shape)[] SameAsInput(Node node) => [(node[0].Type, node[0].Shape)];

    /// <summary>
    /// The shape of all inputs broadcast together. Before operator set 7, inputs were broadcast only with the attribute broadcast=1, and
    /// only the second input was broadcast.
    /// </summary>
    internal static (ElementType Type, Shape Shape)[] Broadcast(Node node) =>
        [(node[0].Type, node.Int("broadcast") != 0 ? node[0].Shape : node.Inputs.Select((_, i) => node[i].Shape).Aggregate(Broadcast))];

    /// <summary>Booleans in the broadcast shape of the inputs.</summary>
    internal static (ElementType Type, Shape Shape)[] Comparison(Node node) => [(ElementType.Bool, Broadcast(node)[0].Shape)];

    /// <summary>The broadcast shape of all three inputs, with the type of input 1. Input 0 is the condition.</summary>
    internal static (ElementType Type, Shape Shape)[] Where(Node node) =>
        [(node[1].Type, Broadcast(Broadcast(node[0].Shape, node[1].Shape), node[2].Shape))];

    /// <summary>Indices along the reduced axis, int64.</summary>
    internal static (ElementType Type, Shape Shape)[] IndexOfExtremum(Node node) =>
        [(ElementType.Int64, AxisShapes.Reduced(node, [node.Int32("axis")]))];

    // NumPy's rule: the shapes are aligned at their last axes, and a dimension of 1 is stretched to the other shape's dimension.
    private static Shape Broadcast(Shape a, Shape b)
    {
        var result = new int[Math.Max(a.Rank, b.Rank)];
        for (int i = 1; i <= result.Length; i++)
        {
            int m = i <= a.Rank ? a[-i] : 1, n = i <= b.Rank ? b[-i] : 1;
            result[^i] = m == n || n == 1 ? m : m is 1 or Shape.Free ? n : n == Shape.Free ? m
                : throw new ShapeMismatchException($"{a} and {b} cannot be broadcast together");
        }

        return new Shape(result);
    }

    /// <summary>
    /// The first input's shape. In training mode, outputs 1 and 2 are running mean and variance, with the shapes of inputs 3 and 4.
    /// </summary>
    internal static (ElementType Type, Shape Shape)[] BatchNormalization(Node node) => node.Int("training_mode") == 0
        ? SameAsInput(node)
        : [(node[0].Type, node[0].Shape), (node[3].Type, node[3].Shape), (node[4].Type, node[4].Shape)];

    /// <summary>
    /// The first input's shape. The optional outputs 1 and 2 are the mean and 1 / standard deviation; in them, the normalised axes have
    /// length 1.
    /// </summary>
    internal static (ElementType Type, Shape Shape)[] LayerNormalization(Node node)
    {
        var x = node[0].Shape;
        int axis = node.Int32("axis", -1);
        var statistic = new Shape([.. x.Dimensions.Select((d, i) => i < (axis < 0 ? axis + x.Rank : axis) ? d : 1)]);
        (ElementType, Shape)[] outputs = [(node[0].Type, x), (node[0].Type, statistic), (node[0].Type, statistic)];
        return outputs[..node.OutputCount];
    }

    /// <summary>The input broadcast to the shape in input 1.</summary>
    internal static (ElementType Type, Shape Shape)[] Expand(Node node) =>
        [(node[0].Type, PartialValues.ShapeFrom(node[1]) is { IsRanked: true } shape ? Broadcast(node[0].Shape, shape) : Shape.Unknown)];

    /// <summary>The elements of input 0 are the output's shape. The type is the type of the attribute value; default: float.</summary>
    internal static (ElementType Type, Shape Shape)[] ConstantOfShape(Node node)
    {
        var type = node.Attributes.GetValueOrDefault("value") is Tensor fill ? fill.Type : ElementType.Float;
        return [(type, PartialValues.ShapeFrom(node[0]))];
    }

    /// <summary>
    /// The shape after reducing axes. An empty list of axes means all axes; with the attribute noop_with_empty_axes, it means no axes.
    /// </summary>
    internal static (ElementType Type, Shape Shape)[] Reduction(Node node)
    {
        var axes = PartialValues.KnownInts(node, 1, "axes");
        if (axes is [] && node.Int("noop_with_empty_axes") == 0)
        {
            axes = [.. Enumerable.Range(0, node[0].Shape.Rank)];
        }

        return [(node[0].Type, axes is null ? Shape.Unknown : AxisShapes.Reduced(node, axes))];
    }

    /// <summary>[M, N], the product of [M, K] and [K, N]. With transA or transB, that operand is given transposed.</summary>
    internal static (ElementType Type, Shape Shape)[] Gemm(Node node)
    {
        Shape a = node[0].Shape, b = node[1].Shape;
        var (m, k) = node.Int("transA") != 0 ? (a[1], a[0]) : (a[0], a[1]);
        var (rows, n) = node.Int("transB") != 0 ? (b[1], b[0]) : (b[0], b[1]);
        return k == rows || k == Shape.Free || rows == Shape.Free
            ? [(node[0].Type, new Shape(m, n))]
            : throw new ShapeMismatchException(
                $"the first matrix has {k} columns and the second has {rows} rows; expected the same number");
    }

    /// <summary>
    /// The shape of a matrix product. A vector as the first operand counts as one row, and as the second operand as one column; the output
    /// does not have this added axis.
    /// </summary>
    internal static (ElementType Type, Shape Shape)[] MatMul(Node node) => [(node[0].Type, MatMul(node[0].Shape, node[1].Shape))];

    /// <summary>The shape of a matrix product; see <see cref="MatMul(Node)"/>.</summary>
    internal static Shape MatMul(Shape a, Shape b)
    {
        var (rows, columns) = (a.Rank == 1 ? new Shape(1, a[0]) : a, b.Rank == 1 ? new Shape(b[0], 1) : b);
        var batch = Broadcast(new Shape(rows.Dimensions.AsSpan()[..^2]), new Shape(columns.Dimensions.AsSpan()[..^2]));
        int[] m = a.Rank == 1 ? [] : [a[-2]], n = b.Rank == 1 ? [] : [b[-1]];
        return rows[-1] == columns[-2] || rows[-1] == Shape.Free || columns[-2] == Shape.Free
            ? new Shape([.. batch.Dimensions, .. m, .. n])
            : throw new ShapeMismatchException(
                $"the first matrix has {rows[-1]} columns and the second has {columns[-2]} rows; expected the same number");
    }
}
