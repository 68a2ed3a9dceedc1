using System.Collections.Frozen;

namespace Fovea.Models;

/// <summary>
/// What each operator's outputs look like, given its inputs: a table by operator. An operator that is not in it gives
/// outputs of which nothing is known, so that foreign graphs can still be read and shown.
/// </summary>
public static class ShapeRules
{
    private delegate (ElementType Type, Shape Shape)[] Rule(Node node);

    private static readonly FrozenDictionary<string, Rule> ByOp = new Dictionary<string, Rule>
    {
        ["Add"] = Broadcast,
        ["Sub"] = Broadcast,
        ["Mul"] = Broadcast,
        ["Div"] = Broadcast,
        ["Greater"] = node => [(ElementType.Bool, Broadcast(node[0].Shape, node[1].Shape))],
        ["Equal"] = node => [(ElementType.Bool, Broadcast(node[0].Shape, node[1].Shape))],
        ["Neg"] = SameAsInput,
        ["Relu"] = SameAsInput,
        ["Exp"] = SameAsInput,
        ["Sqrt"] = SameAsInput,
        ["Softmax"] = SameAsInput,
        ["LogSoftmax"] = SameAsInput,
        ["Identity"] = SameAsInput,
        ["Cast"] = node => [((ElementType)node.Int("to"), node[0].Shape)],
        ["Conv"] = Conv,
        ["ConvTranspose"] = ConvTranspose,
        ["AveragePool"] = Pool,
        ["MaxPool"] = Pool,
        ["GlobalAveragePool"] = node => [(node[0].Type, node[0].Shape.With(2, 1).With(3, 1))],
        ["Gemm"] = Gemm,
        ["MatMul"] = MatMul,
        ["ArgMax"] = node => [(ElementType.Int64, Reduced(node, [(int)node.Int("axis")]))],
        ["ReduceSum"] = ReduceSum,
        ["Reshape"] = Reshape,
        ["Flatten"] = Flatten,
        ["Concat"] = Concat,
        ["BatchNormalization"] = SameAsInput,
        ["LRN"] = SameAsInput,
        ["Dropout"] = SameAsInput,
        ["Expand"] = node => [(node[0].Type, Constant(node, 1) is { } shape ? Broadcast(node[0].Shape, new Shape(shape)) : Shape.Unknown)],
        ["Transpose"] = Transpose,
        ["Constant"] = node => [node.Attributes.GetValueOrDefault("value") is Tensor value ? (value.Type, value.Shape) : default],
        ["Slice"] = Slice,
    }.ToFrozenDictionary();

    /// <summary>The operators that have a rule.</summary>
    internal static IReadOnlyCollection<string> Operators => ByOp.Keys;

    /// <summary>The types and shapes of a node's outputs, in order.</summary>
    /// <exception cref="FoveaException">The inputs do not fit the operator; the message names the node and their shapes.</exception>
    public static IReadOnlyList<(ElementType Type, Shape Shape)> Infer(Node node)
    {
        if (node.Domain.Length > 0 || !ByOp.TryGetValue(node.Op, out var rule) || node.Inputs.Any(input => input is { Shape.IsRanked: false }))
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

    private static (ElementType, Shape)[] SameAsInput(Node node) => [(node[0].Type, node[0].Shape)];

    private static (ElementType, Shape)[] Broadcast(Node node) => [(node[0].Type, Broadcast(node[0].Shape, node[1].Shape))];

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

    private static (ElementType, Shape)[] Conv(Node node)
    {
        Shape x = node[0].Shape, w = node[1].Shape;
        int channels = w[1] * (int)node.Int("group", 1);
        if (x[1] != channels && x[1] != Shape.Free)
        {
            throw new ArgumentException($"the input has {x[1]} channels and the weights take {channels}.");
        }

        return [(node[0].Type, Walk(x.With(1, w[0]), Window.Of(node), ceil: false))];
    }

    private static (ElementType, Shape)[] ConvTranspose(Node node)
    {
        Shape x = node[0].Shape, w = node[1].Shape;
        if (x[1] != w[0] && x[1] != Shape.Free)
        {
            throw new ArgumentException($"the input has {x[1]} channels and the weights take {w[0]}.");
        }

        var window = Window.Of(node);
        var extra = node.Ints("output_padding", 0, 0);
        int Size(int axis) => x[axis + 2] == Shape.Free ? Shape.Free : (x[axis + 2] - 1) * window.Strides[axis] + window.Extent(axis) - window.Before[axis] - window.After[axis] + extra[axis];
        return [(node[0].Type, new Shape(x[0], w[1] * (int)node.Int("group", 1), Size(0), Size(1)))];
    }

    private static (ElementType, Shape)[] Pool(Node node) => [(node[0].Type, Walk(node[0].Shape, Window.Of(node), node.Int("ceil_mode") != 0))];

    private static Shape Walk(Shape x, Window window, bool ceil)
    {
        var y = x.With(2, window.Steps(0, x[2], ceil)).With(3, window.Steps(1, x[3], ceil));
        return y[2] != 0 && y[3] != 0 ? y : throw new ArgumentException($"{x[2]}x{x[3]} is smaller than the {window.Extent(0)}x{window.Extent(1)} window.");
    }

    private static (ElementType, Shape)[] Gemm(Node node)
    {
        Shape a = node[0].Shape, b = node[1].Shape;
        var (m, k) = node.Int("transA") != 0 ? (a[1], a[0]) : (a[0], a[1]);
        var (rows, n) = node.Int("transB") != 0 ? (b[1], b[0]) : (b[0], b[1]);
        return k == rows || k == Shape.Free || rows == Shape.Free ? [(node[0].Type, new Shape(m, n))] : throw new ArgumentException($"{k} columns meet {rows} rows.");
    }

    private static (ElementType, Shape)[] MatMul(Node node)
    {
        Shape a = node[0].Shape, b = node[1].Shape;
        if (a.Rank == 1 || b.Rank == 1)
        {
            return [(node[0].Type, Shape.Unknown)];
        }

        var batch = Broadcast(new Shape(a.Dimensions.AsSpan()[..^2]), new Shape(b.Dimensions.AsSpan()[..^2]));
        return a[-1] == b[-2] || a[-1] == Shape.Free || b[-2] == Shape.Free
            ? [(node[0].Type, new Shape([.. batch.Dimensions, a[-2], b[-1]]))]
            : throw new ArgumentException($"{a[-1]} columns meet {b[-2]} rows.");
    }

    private static Shape Reduced(Node node, int[] axes)
    {
        var x = node[0].Shape;
        bool keep = node.Int("keepdims", 1) != 0;
        var dropped = axes.Select(axis => axis < 0 ? axis + x.Rank : axis).ToHashSet();
        return new([.. x.Dimensions.Select((d, i) => dropped.Contains(i) ? 1 : d).Where((_, i) => keep || !dropped.Contains(i))]);
    }

    // No axes mean all of them, unless noop_with_empty_axes says that they mean none.
    private static (ElementType, Shape)[] ReduceSum(Node node)
    {
        int[]? axes = node.Inputs.ElementAtOrDefault(1) is null ? [] : Constant(node, 1);
        if (axes is [] && node.Int("noop_with_empty_axes") == 0)
        {
            axes = [.. Enumerable.Range(0, node[0].Shape.Rank)];
        }

        return [(node[0].Type, axes is null ? Shape.Unknown : Reduced(node, axes))];
    }

    // 0 copies the input's dimension, -1 takes what is left over. A free batch that is copied leaves the rest of x for the rest of y.
    private static (ElementType, Shape)[] Reshape(Node node)
    {
        var x = node[0].Shape;
        if (Constant(node, 1) is not { } wanted)
        {
            return [(node[0].Type, Shape.Unknown)];
        }

        int[] y = [.. wanted.Select((d, i) => d == 0 ? x[i] : d)];
        var copied = wanted.Index().Where(d => d.Item == 0 && x[d.Index] == Shape.Free).Select(d => d.Index).ToHashSet();
        var from = new Shape([.. x.Dimensions.Where((_, i) => !copied.Contains(i))]);
        if (from.IsKnown && Array.IndexOf(wanted, -1) is var rest and >= 0)
        {
            y[rest] = checked((int)(from.Size / y.Where((_, i) => i != rest && !copied.Contains(i)).Aggregate(1L, (product, d) => product * d)));
        }

        var to = new Shape([.. y.Where((_, i) => !copied.Contains(i))]);
        return !from.IsKnown || from.Size == to.Size ? [(node[0].Type, new Shape(y))] : throw new ArgumentException($"{x} cannot become {new Shape(y)}.");
    }

    private static (ElementType, Shape)[] Flatten(Node node)
    {
        int axis = (int)node.Int("axis", 1);
        axis = axis < 0 ? axis + node[0].Shape.Rank : axis;
        int Product(Range range) => node[0].Shape.Dimensions[range].Aggregate(1, (p, d) => p == Shape.Free || d == Shape.Free ? Shape.Free : checked(p * d));
        return [(node[0].Type, new Shape(Product(..axis), Product(axis..)))];
    }

    private static (ElementType, Shape)[] Concat(Node node)
    {
        int axis = (int)node.Int("axis");
        var first = node[0].Shape;
        axis = axis < 0 ? axis + first.Rank : axis;
        var sizes = node.Inputs.Select(input => input!.Shape[axis]).ToArray();
        var rest = node.Inputs.Select(input => input!.Shape.With(axis, 1)).Aggregate((a, b) => a == b ? a : throw new ArgumentException($"{a} and {b} differ in more than axis {axis}."));
        return [(node[0].Type, rest.With(axis, sizes.Contains(Shape.Free) ? Shape.Free : sizes.Sum()))];
    }

    private static (ElementType, Shape)[] Transpose(Node node) =>
        [(node[0].Type, new Shape([.. node.Ints("perm", [.. Enumerable.Range(0, node[0].Shape.Rank).Reverse()]).Select(axis => node[0].Shape[axis])]))];

    private static (ElementType, Shape)[] Slice(Node node)
    {
        var y = node[0].Shape;
        int[]? starts = Constant(node, 1), ends = Constant(node, 2);
        var axes = node.Inputs.ElementAtOrDefault(3) is null ? starts?.Select((_, i) => i).ToArray() : Constant(node, 3);
        var steps = node.Inputs.ElementAtOrDefault(4) is null ? starts?.Select(_ => 1).ToArray() : Constant(node, 4);
        if (starts is null || ends is null || axes is null || steps is null)
        {
            return [(node[0].Type, Shape.Unknown)];
        }

        for (int i = 0; i < axes.Length; i++)
        {
            long size = y[axes[i]], step = steps[i];
            if (size > 0)
            {
                // Backwards the first element that can be taken is the last, and the end may lie before the first.
                long Bound(long index, long lowest, long highest) => Math.Clamp(index < 0 ? index + size : index, lowest, Math.Max(lowest, highest));
                long span = step > 0 ? Bound(ends[i], 0, size) - Bound(starts[i], 0, size) : Bound(starts[i], 0, size - 1) - Bound(ends[i], -1, size - 1);
                y = y.With(axes[i], (int)Math.Max(0, (span + Math.Abs(step) - 1) / Math.Abs(step)));
            }
        }

        return [(node[0].Type, y)];
    }

    // Axes and shapes are inputs of their operators. Foreign graphs may compute them, and then the output's shape is not known: null.
    private static int[]? Constant(Node node, int input)
    {
        var tensor = node[input].Producer is { Op: "Constant", Domain: "" } constant ? constant.Attributes.GetValueOrDefault("value") as Tensor
            : node[input].Graph.Initializers.GetValueOrDefault(node[input]);
        return tensor is null ? null : [.. tensor.Int64s.ToArray().Select(v => (int)Math.Clamp(v, int.MinValue, int.MaxValue))];
    }
}
