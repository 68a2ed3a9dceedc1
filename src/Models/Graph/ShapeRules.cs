using System.Collections.Frozen;

namespace Fovea.Models;

/// <summary>
/// What each operator's outputs look like, given its inputs: a table by operator. An operator that is not in it gives
/// outputs of which nothing is known, so that foreign graphs can still be read and shown.
/// </summary>
public static class ShapeRules
{
    private delegate (ElementType Type, Shape Shape)[] Rule(Node node);

    private static readonly FrozenDictionary<string, Rule> ByOp = ((IEnumerable<(string, Rule)>)
    [
        .. Each(SameAsInput, "Neg", "Abs", "Sign", "Reciprocal", "Exp", "Log", "Sqrt", "Floor", "Ceil", "Round", "Erf", "Relu", "Not", "Sigmoid", "Tanh", "Clip", "LeakyRelu", "Elu", "Selu", "HardSigmoid",
            "HardSwish", "PRelu", "Softplus", "Softsign", "Softmax", "LogSoftmax", "Identity", "Dropout", "InstanceNormalization", "LayerNormalization", "LRN", "ScatterElements"),
        .. Each(Broadcast, "Add", "Sub", "Mul", "Div", "Pow", "Min", "Max", "Mean", "Sum", "And", "Or", "Xor"),
        .. Each(node => [(ElementType.Bool, Broadcast(node)[0].Item2)], "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Equal"),
        .. Each(Reduction, "ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceSumSquare", "ReduceL1", "ReduceL2", "ReduceLogSumExp"),
        .. Each(SpatialShapes.Pool, "AveragePool", "MaxPool"),
        .. Each(SpatialShapes.Global, "GlobalAveragePool", "GlobalMaxPool"),
        ("BatchNormalization", node => node.Int("training_mode") != 0 ? [(node[0].Type, node[0].Shape), (node[3].Type, node[3].Shape), (node[4].Type, node[4].Shape)] : SameAsInput(node)),
        ("Conv", SpatialShapes.Conv),
        ("ConvTranspose", SpatialShapes.ConvTranspose),
        ("Pad", SpatialShapes.Pad),
        ("Resize", SpatialShapes.Resize),
        ("Where", node => [(node[1].Type, Broadcast(Broadcast(node[0].Shape, node[1].Shape), node[2].Shape))]),
        ("Cast", node => [node.Attributes.GetValueOrDefault("to") is string ? default : ((ElementType)node.Int("to"), node[0].Shape)]),
        ("Gemm", Gemm),
        ("MatMul", MatMul),
        .. Each(node => [(ElementType.Int64, AxisShapes.Reduced(node, [(int)node.Int("axis")]))], "ArgMax", "ArgMin"),
        ("Reshape", AxisShapes.Reshape),
        ("Flatten", AxisShapes.Flatten),
        ("Squeeze", AxisShapes.Squeeze),
        ("Unsqueeze", AxisShapes.Unsqueeze),
        ("Concat", AxisShapes.Concat),
        ("Split", AxisShapes.Split),
        ("Slice", AxisShapes.Slice),
        ("Gather", AxisShapes.Gather),
        ("OneHot", AxisShapes.OneHot),
        ("Transpose", AxisShapes.Transpose),
        ("Expand", node => [(node[0].Type, PartialValues.ShapeIn(node[1]) is { IsRanked: true } shape ? Broadcast(node[0].Shape, shape) : Shape.Unknown)]),
        ("Shape", node => [(ElementType.Int64, new Shape(PartialValues.ShapeOf(node).Length))]),
        ("ConstantOfShape", node => [(node.Attributes.GetValueOrDefault("value") is Tensor fill ? fill.Type : ElementType.Float, PartialValues.ShapeIn(node[0]))]),
        ("Constant", node => [PartialValues.Constant(node) is { } value ? (value.Type, value.Shape) : default]),
    ]).ToFrozenDictionary(row => row.Item1, row => row.Item2);

    /// <summary>The operators that have a rule.</summary>
    internal static IReadOnlyCollection<string> Operators => ByOp.Keys;

    /// <summary>The types and shapes of a node's outputs, in order.</summary>
    /// <exception cref="FoveaException">The inputs do not fit the operator; the message names the node and their shapes.</exception>
    public static IReadOnlyList<(ElementType Type, Shape Shape)> Infer(Node node)
    {
        if (node.Domain.Length > 0 || !ByOp.TryGetValue(node.Op == "Upsample" ? "Resize" : node.Op, out var rule) || node.Inputs.Any(input => input is { Shape.IsRanked: false }))
        {
            return [(ElementType.Unknown, Shape.Unknown)];
        }

        try
        {
            var outputs = rule(node);
            return outputs.All(output => output.Shape.Dimensions.All(d => d >= Shape.Free)) ? outputs : throw new ArgumentException("the sizes are out of range.");
        }
        catch (Exception e) when (e is IndexOutOfRangeException or ArgumentException or InvalidOperationException or ArithmeticException)
        {
            var inputs = string.Join(", ", node.Inputs.Select(input => input?.ToString() ?? "nothing"));
            throw new FoveaException(ErrorCode.BadModelFile, $"Node {node.Name} ({node.Op}) cannot take {inputs}: {e.Message}", e);
        }
    }

    private static IEnumerable<(string, Rule)> Each(Rule rule, params string[] ops) => ops.Select(op => (op, rule));

    private static (ElementType, Shape)[] SameAsInput(Node node) => [(node[0].Type, node[0].Shape)];

    // Before opset 7 an attribute asked for broadcasting, and then only of the second input.
    private static (ElementType, Shape)[] Broadcast(Node node) =>
        [(node[0].Type, node.Int("broadcast") != 0 ? node[0].Shape : node.Inputs.Select((_, i) => node[i].Shape).Aggregate(Broadcast))];

    // NumPy's rule: shapes are aligned at their last axis, and a dimension of 1 stretches to the other's.
    private static Shape Broadcast(Shape a, Shape b)
    {
        var result = new int[Math.Max(a.Rank, b.Rank)];
        for (int i = 1; i <= result.Length; i++)
        {
            int m = i <= a.Rank ? a[-i] : 1, n = i <= b.Rank ? b[-i] : 1;
            result[^i] = m == n || n == 1 ? m : m is 1 or Shape.Free ? n : n == Shape.Free ? m
                : throw new ArgumentException($"{a} and {b} cannot be broadcast together.");
        }

        return new Shape(result);
    }

    // No axes mean all of them, unless noop_with_empty_axes says that they mean none.
    private static (ElementType, Shape)[] Reduction(Node node)
    {
        var axes = PartialValues.Given(node, 1, "axes");
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
        return k == rows || k == Shape.Free || rows == Shape.Free ? [(node[0].Type, new Shape(m, n))] : throw new ArgumentException($"{k} columns meet {rows} rows.");
    }

    // A vector is a row on the left and a column on the right, and that axis is dropped.
    private static (ElementType, Shape)[] MatMul(Node node)
    {
        Shape a = node[0].Shape, b = node[1].Shape;
        var (rows, columns) = (a.Rank == 1 ? new Shape(1, a[0]) : a, b.Rank == 1 ? new Shape(b[0], 1) : b);
        var batch = Broadcast(new Shape(rows.Dimensions.AsSpan()[..^2]), new Shape(columns.Dimensions.AsSpan()[..^2]));
        int[] m = a.Rank == 1 ? [] : [a[-2]], n = b.Rank == 1 ? [] : [b[-1]];
        return rows[-1] == columns[-2] || rows[-1] == Shape.Free || columns[-2] == Shape.Free
            ? [(node[0].Type, new Shape([.. batch.Dimensions, .. m, .. n]))]
            : throw new ArgumentException($"{rows[-1]} columns meet {columns[-2]} rows.");
    }
}
