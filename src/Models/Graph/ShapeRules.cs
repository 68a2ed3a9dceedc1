using System.Collections.Frozen;

namespace Fovea.Models;

/// <summary>
/// Infers the element types and shapes of a node's outputs from its inputs, by a table with one rule per operator. An operator without a
/// rule has outputs of unknown type and shape, so that graphs with such operators can still be read and summarised.
/// </summary>
public static class ShapeRules
{
    private delegate (ElementType Type, Shape Shape)[] Rule(Node node);

    private static readonly FrozenDictionary<string, Rule> ByOp = ((IEnumerable<(string, Rule)>)
    [
        // Elementwise, one operand
        .. Each(
            SameAsInput, "Neg", "Abs", "Sign", "Reciprocal", "Exp", "Log", "Sqrt", "Floor", "Ceil", "Round", "Erf", "Relu", "Not",
            "Sigmoid", "Tanh", "Clip", "LeakyRelu", "Elu", "Selu", "HardSigmoid", "HardSwish", "PRelu", "Softplus", "Softsign",
            "Identity", "Dropout"),
        ("Cast", node => [node.Attributes.GetValueOrDefault("to") is string ? default : ((ElementType)node.Int("to"), node[0].Shape)]),

        // Elementwise, several operands
        .. Each(Broadcast, "Add", "Sub", "Mul", "Div", "Pow", "Min", "Max", "Mean", "Sum", "And", "Or", "Xor"),
        .. Each(node => [(ElementType.Bool, Broadcast(node)[0].Item2)], "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Equal"),
        ("Where", node => [(node[1].Type, Broadcast(Broadcast(node[0].Shape, node[1].Shape), node[2].Shape))]),

        // Normalisations
        .. Each(SameAsInput, "Softmax", "LogSoftmax", "InstanceNormalization", "LayerNormalization", "LRN"),
        ("BatchNormalization", BatchNormalization),

        // Convolutions, pools and other operators on height and width
        ("Conv", SpatialShapes.Conv),
        ("ConvTranspose", SpatialShapes.ConvTranspose),
        .. Each(SpatialShapes.Pool, "AveragePool", "MaxPool"),
        .. Each(SpatialShapes.Global, "GlobalAveragePool", "GlobalMaxPool"),
        ("Pad", SpatialShapes.Pad),
        ("Resize", SpatialShapes.Resize),

        // Matrix products
        ("Gemm", Gemm),
        ("MatMul", MatMul),

        // Reductions
        .. Each(
            Reduction, "ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceSumSquare", "ReduceL1", "ReduceL2", "ReduceLogSumExp"),
        .. Each(node => [(ElementType.Int64, AxisShapes.Reduced(node, [(int)node.Int("axis")]))], "ArgMax", "ArgMin"),

        // Changes of shape
        ("Reshape", AxisShapes.Reshape),
        ("Flatten", AxisShapes.Flatten),
        ("Squeeze", AxisShapes.Squeeze),
        ("Unsqueeze", AxisShapes.Unsqueeze),
        ("Transpose", AxisShapes.Transpose),
        ("Expand", Expand),

        // Parts of tensors
        ("Concat", AxisShapes.Concat),
        ("Split", AxisShapes.Split),
        ("Slice", AxisShapes.Slice),
        ("Gather", AxisShapes.Gather),
        ("ScatterElements", SameAsInput),

        // Shapes and constants
        ("Shape", node => [(ElementType.Int64, new Shape(PartialValues.ShapeOf(node).Length))]),
        ("Constant", node => [PartialValues.Constant(node) is { } value ? (value.Type, value.Shape) : default]),
        ("ConstantOfShape", ConstantOfShape),
        ("OneHot", AxisShapes.OneHot),
    ]).ToFrozenDictionary(row => row.Item1, row => row.Item2);

    /// <summary>The operators that have a rule.</summary>
    internal static IReadOnlyCollection<string> Operators => ByOp.Keys;

    /// <summary>
    /// Infers the types and shapes of a node's outputs, in the operator's order. Without a rule, or with an input of unknown rank, the
    /// result is one output of unknown type and shape.
    /// </summary>
    /// <exception cref="FoveaException">
    /// The inputs do not fit the operator. The message names the node and the shapes of its inputs.
    /// </exception>
    public static IReadOnlyList<(ElementType Type, Shape Shape)> Infer(Node node)
    {
        if (node.Domain.Length > 0
            || !ByOp.TryGetValue(node.Op == "Upsample" ? "Resize" : node.Op, out var rule)
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

    private static IEnumerable<(string, Rule)> Each(Rule rule, params string[] ops) => ops.Select(op => (op, rule));

    private static (ElementType, Shape)[] SameAsInput(Node node) => [(node[0].Type, node[0].Shape)];

    // Before operator set 7, the attribute broadcast=1 asked for broadcasting, and only the second input was broadcast.
    private static (ElementType, Shape)[] Broadcast(Node node) =>
        [(node[0].Type, node.Int("broadcast") != 0 ? node[0].Shape : node.Inputs.Select((_, i) => node[i].Shape).Aggregate(Broadcast))];

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

    // In training mode, outputs 1 and 2 are the running mean and variance, shaped as inputs 3 and 4.
    private static (ElementType, Shape)[] BatchNormalization(Node node) => node.Int("training_mode") == 0
        ? SameAsInput(node)
        : [(node[0].Type, node[0].Shape), (node[3].Type, node[3].Shape), (node[4].Type, node[4].Shape)];

    private static (ElementType, Shape)[] Expand(Node node) =>
        [(node[0].Type, PartialValues.ShapeFrom(node[1]) is { IsRanked: true } shape ? Broadcast(node[0].Shape, shape) : Shape.Unknown)];

    private static (ElementType, Shape)[] ConstantOfShape(Node node)
    {
        var type = node.Attributes.GetValueOrDefault("value") is Tensor fill ? fill.Type : ElementType.Float;
        return [(type, PartialValues.ShapeFrom(node[0]))];
    }

    // An empty list of axes means all axes, or with noop_with_empty_axes none.
    private static (ElementType, Shape)[] Reduction(Node node)
    {
        var axes = PartialValues.KnownInts(node, 1, "axes");
        if (axes is [] && node.Int("noop_with_empty_axes") == 0)
        {
            axes = [.. Enumerable.Range(0, node[0].Shape.Rank)];
        }

        return [(node[0].Type, axes is null ? Shape.Unknown : AxisShapes.Reduced(node, axes))];
    }

    private static (ElementType, Shape)[] Gemm(Node node)
    {
        Shape a = node[0].Shape, b = node[1].Shape;
        var (m, k) = node.Int("transA") != 0 ? (a[1], a[0]) : (a[0], a[1]);
        var (rows, n) = node.Int("transB") != 0 ? (b[1], b[0]) : (b[0], b[1]);
        return k == rows || k == Shape.Free || rows == Shape.Free
            ? [(node[0].Type, new Shape(m, n))]
            : throw new ShapeMismatchException(
                $"the first matrix has {k} columns and the second has {rows} rows; expected the same number");
    }

    // A vector counts as one row on the left and as one column on the right. The output lacks the added axis.
    private static (ElementType, Shape)[] MatMul(Node node)
    {
        Shape a = node[0].Shape, b = node[1].Shape;
        var (rows, columns) = (a.Rank == 1 ? new Shape(1, a[0]) : a, b.Rank == 1 ? new Shape(b[0], 1) : b);
        var batch = Broadcast(new Shape(rows.Dimensions.AsSpan()[..^2]), new Shape(columns.Dimensions.AsSpan()[..^2]));
        int[] m = a.Rank == 1 ? [] : [a[-2]], n = b.Rank == 1 ? [] : [b[-1]];
        return rows[-1] == columns[-2] || rows[-1] == Shape.Free || columns[-2] == Shape.Free
            ? [(node[0].Type, new Shape([.. batch.Dimensions, .. m, .. n]))]
            : throw new ShapeMismatchException(
                $"the first matrix has {rows[-1]} columns and the second has {columns[-2]} rows; expected the same number");
    }
}
