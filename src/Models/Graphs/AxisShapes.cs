namespace Fovea.Models.Graphs;

/// <summary>Shape rules of the operators that rearrange, join, cut or reduce axes.</summary>
internal static class AxisShapes
{
    /// <summary>
    /// The shape of the first input after a reduction over these axes. With keepdims, the reduced axes have length 1; otherwise they are
    /// removed.
    /// </summary>
    public static Shape Reduced(Node node, int[] axes)
    {
        var x = node[0].Shape;
        bool keep = node.Int("keepdims", 1) != 0;
        var dropped = axes.Select(axis => Axis(axis, x.Rank)).ToHashSet();
        return new([.. x.Dimensions.Select((d, i) => dropped.Contains(i) ? 1 : d).Where((_, i) => keep || !dropped.Contains(i))]);
    }

    // In the shape that Reshape takes, 0 copies the input's dimension, and -1 is computed so that the number of elements stays the same. A
    // free dimension that is copied, such as the batch, is left out of both shapes, so that -1 can be computed from the remaining
    // dimensions.
    public static (ElementType Type, Shape Shape)[] Reshape(Node node)
    {
        var x = node[0].Shape;
        long?[]? wanted = node.Attributes.ContainsKey("shape") ? [.. node.Ints("shape").Select(d => (long?)d)] : PartialValues.Of(node[1]);
        if (wanted is null)
        {
            return [(node[0].Type, PartialValues.ShapeFrom(node[1]))];
        }

        int[] y = [.. wanted.Select((d, i) => d == 0 && node.Int("allowzero") == 0 ? x[i] : d is null ? Shape.Free : checked((int)d))];
        var copied = wanted.Index().Where(d => d.Item is 0 or null && y[d.Index] == Shape.Free).Select(d => d.Index).ToHashSet();
        var from = new Shape([.. x.Dimensions.Where((d, i) => d != Shape.Free || !copied.Contains(i))]);
        int rest = Array.IndexOf(wanted, -1);
        if (from.IsKnown && rest >= 0)
        {
            long others = y.Where((_, i) => i != rest && !copied.Contains(i)).Aggregate(1L, (product, d) => product * d);
            y[rest] = checked((int)(from.Size / others));
        }

        var to = new Shape([.. y.Where((_, i) => !copied.Contains(i))]);
        return wanted.Contains(null) || !from.IsKnown || from.Size == to.Size
            ? [(node[0].Type, new Shape(y))]
            : throw new ShapeMismatchException($"{x} cannot be reshaped to {new Shape(y)}");
    }

    // The output has two dimensions: the product of the input's dimensions before the axis, and the product of the dimensions from the axis
    // on.
    public static (ElementType Type, Shape Shape)[] Flatten(Node node)
    {
        int axis = node.Int32("axis", 1);
        axis = axis < 0 ? axis + node[0].Shape.Rank : axis;
        return [(node[0].Type, new Shape(Product(..axis), Product(axis..)))];

        int Product(Range range) => node[0].Shape.Dimensions[range]
            .Aggregate(1, (p, d) => p == Shape.Free || d == Shape.Free ? Shape.Free : checked(p * d));
    }

    // Without axes, every dimension of 1 is removed. A free dimension may be 1, so the output's rank is then unknown.
    public static (ElementType Type, Shape Shape)[] Squeeze(Node node)
    {
        var x = node[0].Shape;
        var axes = PartialValues.KnownInts(node, 1, "axes")?.Select(axis => Axis(axis, x.Rank)).ToHashSet();
        return [(node[0].Type, axes is null or { Count: 0 } && !x.IsKnown || axes is null
            ? Shape.Unknown
            : new Shape([.. x.Dimensions.Where((d, axis) => axes.Count == 0 ? d != 1 : !axes.Contains(axis))]))];
    }

    public static (ElementType Type, Shape Shape)[] Unsqueeze(Node node)
    {
        if (PartialValues.KnownInts(node, 1, "axes") is not { } axes)
        {
            return [(node[0].Type, Shape.Unknown)];
        }

        var y = node[0].Shape.Dimensions.ToList();
        foreach (int axis in axes.Select(axis => Axis(axis, y.Count + axes.Length)).Order().ToArray())
        {
            y.Insert(axis, 1);
        }

        return [(node[0].Type, new Shape([.. y]))];
    }

    public static (ElementType Type, Shape Shape)[] Concat(Node node)
    {
        int axis = node.Int32("axis", 1);
        var first = node[0].Shape;
        axis = Axis(axis, first.Rank);
        var sizes = node.Inputs.Select((_, i) => node[i].Shape[axis]).ToArray();
        var rest = node.Inputs.Select((_, i) => node[i].Shape.With(axis, 1)).Aggregate((a, b) => Merged(a, b)
            ?? throw new ShapeMismatchException($"{a} and {b} differ on axes other than axis {axis}, along which they are joined"));
        return [(node[0].Type, rest.With(axis, sizes.Contains(Shape.Free) ? Shape.Free : sizes.Sum()))];
    }

    // The sizes are an input, or an attribute before operator set 13. Without sizes, all parts are equal, except that the last part may be
    // smaller.
    public static (ElementType Type, Shape Shape)[] Split(Node node)
    {
        var x = node[0].Shape;
        int axis = Axis(node.Int32("axis"), x.Rank), parts = node.OutputCount, size = (x[axis] + parts - 1) / parts;
        int[] sizes = PartialValues.KnownInts(node, 1, "split") switch
        {
            null => [.. Enumerable.Repeat(Shape.Free, parts)],
            [] when x[axis] == Shape.Free => [.. Enumerable.Repeat(Shape.Free, parts)],
            [] => [.. Enumerable.Range(0, parts).Select(part => Math.Min(size, x[axis] - part * size))],
            var known => known,
        };
        return [.. sizes.Select(part => (node[0].Type, x.With(axis, part)))];
    }

    public static (ElementType Type, Shape Shape)[] Gather(Node node)
    {
        var x = node[0].Shape;
        int axis = Axis(node.Int32("axis"), x.Rank);
        return [(node[0].Type, new Shape([.. x.Dimensions[..axis], .. node[1].Shape.Dimensions, .. x.Dimensions[(axis + 1)..]]))];
    }

    public static (ElementType Type, Shape Shape)[] OneHot(Node node)
    {
        var indices = node[0].Shape;
        int depth = PartialValues.Of(node[1]) is [{ } known] ? checked((int)known) : Shape.Free;
        return [(node[2].Type, new Shape([.. indices.Dimensions.Insert(Axis(node.Int32("axis", -1), indices.Rank + 1), depth)]))];
    }

    // Without perm, the order of the axes is reversed.
    public static (ElementType Type, Shape Shape)[] Transpose(Node node)
    {
        var x = node[0].Shape;
        return [(node[0].Type, new Shape([.. node.Ints("perm", [.. Enumerable.Range(0, x.Rank).Reverse()]).Select(axis => x[axis])]))];
    }

    // The bounds are inputs, or attributes before operator set 10.
    public static (ElementType Type, Shape Shape)[] Slice(Node node)
    {
        var y = node[0].Shape;
        int[]? starts = PartialValues.KnownInts(node, 1, "starts"), ends = PartialValues.KnownInts(node, 2, "ends");
        int[]? axes = PartialValues.KnownInts(node, 3, "axes"), steps = PartialValues.KnownInts(node, 4, "steps");
        if (starts is null or [] || ends is null || axes is null || steps is null)
        {
            return [(node[0].Type, axes is null or [] ? Shape.Unknown : axes.Aggregate(y, (shape, axis) => shape.With(axis, Shape.Free)))];
        }

        axes = axes is [] ? [.. Enumerable.Range(0, starts.Length)] : axes;
        steps = steps is [] ? [.. starts.Select(_ => 1)] : steps;
        for (int i = 0; i < axes.Length; i++)
        {
            long size = y[axes[i]];
            if (size > 0)
            {
                y = y.With(axes[i], SlicedSize(size, starts[i], ends[i], steps[i]));
            }
        }

        return [(node[0].Type, y)];
    }

    // With a negative step, the slice starts at most at the last element, and its exclusive end may be -1, before the first element.
    private static int SlicedSize(long size, long start, long end, long step)
    {
        long span = step > 0
            ? Bound(end, 0, size) - Bound(start, 0, size)
            : Bound(start, 0, size - 1) - Bound(end, -1, size - 1);
        return (int)Math.Max(0, (span + Math.Abs(step) - 1) / Math.Abs(step));

        long Bound(long index, long lowest, long highest) =>
            Math.Clamp(index < 0 ? index + size : index, lowest, Math.Max(lowest, highest));
    }

    // Merges two shapes that are equal on all axes where both are known. Where one dimension is free, the result has the other shape's
    // dimension. Null if the shapes do not fit.
    private static Shape? Merged(Shape a, Shape b)
    {
        bool fit = a.Rank == b.Rank
            && a.Dimensions.Zip(b.Dimensions).All(d => d.First == d.Second || d.First == Shape.Free || d.Second == Shape.Free);
        return fit ? new([.. a.Dimensions.Zip(b.Dimensions, (first, second) => first == Shape.Free ? second : first)]) : null;
    }

    private static int Axis(int axis, int rank) => axis < 0 ? axis + rank : axis;
}
