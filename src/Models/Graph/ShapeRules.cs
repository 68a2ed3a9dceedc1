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
        ["ReduceSum"] = node => [(node[0].Type, Reduced(node, node.Inputs.Count > 1 ? Constant(node, 1) : [.. Enumerable.Range(0, node[0].Shape.Rank)]))],
        ["Reshape"] = Reshape,
        ["Flatten"] = Flatten,
        ["Expand"] = node => [(node[0].Type, Broadcast(node[0].Shape, new Shape(Constant(node, 1))))],
        ["Transpose"] = Transpose,
        ["Slice"] = Slice,
    }.ToFrozenDictionary();

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
            return rule(node);
        }
        catch (Exception e) when (e is IndexOutOfRangeException or ArgumentException or InvalidOperationException or OverflowException)
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
        var window = Window.Of(node);
        var extra = node.Ints("output_padding", 0, 0);
        int Size(int axis) => (x[axis + 2] - 1) * window.Strides[axis] + window.Extent(axis) - window.Before[axis] - window.After[axis] + extra[axis];
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

    // 0 copies the input's dimension, -1 takes what is left over.
    private static (ElementType, Shape)[] Reshape(Node node)
    {
        var x = node[0].Shape;
        var wanted = Constant(node, 1);
        int[] y = [.. wanted.Select((d, i) => d == 0 ? x[i] : d)];
        if (x.IsKnown && Array.IndexOf(y, -1) is var rest and >= 0)
        {
            y[rest] = (int)(x.Size / y.Where(d => d != -1).Aggregate(1L, (product, d) => product * d));
        }

        var shape = new Shape(y);
        return !x.IsKnown || x.Size == shape.Size ? [(node[0].Type, shape)] : throw new ArgumentException($"{x} cannot become {shape}.");
    }

    private static (ElementType, Shape)[] Flatten(Node node)
    {
        int axis = (int)node.Int("axis", 1);
        int Product(Range range) => node[0].Shape.Dimensions[range].Aggregate(1, (p, d) => p == Shape.Free || d == Shape.Free ? Shape.Free : checked(p * d));
        return [(node[0].Type, new Shape(Product(..axis), Product(axis..)))];
    }

    private static (ElementType, Shape)[] Transpose(Node node) =>
        [(node[0].Type, new Shape([.. node.Ints("perm", [.. Enumerable.Range(0, node[0].Shape.Rank).Reverse()]).Select(axis => node[0].Shape[axis])]))];

    private static (ElementType, Shape)[] Slice(Node node)
    {
        var y = node[0].Shape;
        int[] starts = Constant(node, 1), ends = Constant(node, 2), axes = Constant(node, 3), steps = node.Inputs.Count > 4 ? Constant(node, 4) : [.. starts.Select(_ => 1)];
        for (int i = 0; i < axes.Length; i++)
        {
            int size = y[axes[i]], step = steps[i];
            if (size != Shape.Free)
            {
                int lowest = step > 0 ? 0 : -1, highest = step > 0 ? size : size - 1;
                int Bound(int index) => Math.Clamp(index < 0 ? index + size : index, lowest, highest);
                int span = step > 0 ? Bound(ends[i]) - Bound(starts[i]) : Bound(starts[i]) - (ends[i] < -size ? -1 : Bound(ends[i]));
                y = y.With(axes[i], Math.Max(0, (span + Math.Abs(step) - 1) / Math.Abs(step)));
            }
        }

        return [(node[0].Type, y)];
    }

    // Axes and shapes are inputs of their operators; they are constants in every graph whose shapes can be known.
    private static int[] Constant(Node node, int input) => node[input].Graph.Initializers.TryGetValue(node[input], out var tensor)
        ? [.. tensor.Int64s.ToArray().Select(v => (int)Math.Clamp(v, int.MinValue, int.MaxValue))]
        : throw new ArgumentException($"input {node[input].Name} is computed; expected a constant.");
}
