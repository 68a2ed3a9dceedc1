namespace Fovea.Models.Graphs;

/// <summary>Shape rules of the operators that change the height and width of [N, C, H, W].</summary>
internal static class SpatialShapes
{
    // The shape of a convolution's output: X[N, C, H, W], W[M, C/group, R, S] -> Y[N, M, P, Q].
    public static (ElementType Type, Shape Shape)[] Conv(Node node)
    {
        if (node[1].Shape is { Rank: not 4 } weights && weights.Rank == node[0].Shape.Rank)
        {
            return [(node[0].Type, Shape.Unknown)];
        }

        Shape x = node[0].Shape, w = node[1].Shape;
        int channels = w[1] * node.Int32("group", 1);
        if (x[1] != channels && x[1] != Shape.Free)
        {
            throw new ShapeMismatchException($"the input has {x[1]} channels; expected {channels}, the number in the weights");
        }

        return [(node[0].Type, Slide(x.With(1, w[0]), Window.Of(node), ceil: false))];
    }

    // The shape of a QLinearConv's output. Its weights are input 3.
    public static (ElementType Type, Shape Shape)[] QuantizedConv(Node node)
    {
        var window = Window.Of(node, node[3].Shape);
        return [(node[7].Type, Slide(node[0].Shape.With(1, node[3].Shape[0]), window, ceil: false))];
    }

    // X[N, C, H, W], W[C, M/group, R, S] -> Y[N, M, P, Q]. P = (H - 1) stride + extent - pads + output_padding; the same for Q and W.
    public static (ElementType Type, Shape Shape)[] ConvTranspose(Node node)
    {
        Shape x = node[0].Shape, w = node[1].Shape;
        if (x[1] != w[0] && x[1] != Shape.Free)
        {
            throw new ShapeMismatchException($"the input has {x[1]} channels; expected {w[0]}, the number in the weights");
        }

        var window = Window.Of(node);
        var extra = node.Ints("output_padding", 0, 0);
        return [(node[0].Type, new Shape(x[0], w[1] * node.Int32("group", 1), Size(0), Size(1)))];

        int Size(int axis)
        {
            int size = x[axis + 2], pads = window.Before[axis] + window.After[axis];
            return size == Shape.Free ? Shape.Free : (size - 1) * window.Strides[axis] + window.Extent(axis) - pads + extra[axis];
        }
    }

    // MaxPool's second output holds the index of each maximum in the flattened input.
    public static (ElementType Type, Shape Shape)[] Pool(Node node)
    {
        if (node.Ints("kernel_shape").Length != 2)
        {
            return [(node[0].Type, PooledOverOtherAxes(node))];
        }

        var y = Slide(node[0].Shape, Window.Of(node), node.Int("ceil_mode") != 0);
        return node.OutputCount > 1 ? [(node[0].Type, y), (ElementType.Int64, y)] : [(node[0].Type, y)];
    }

    // The shape of a pool over one or three axes. PyTorch exports the mean over neighbouring channels in this form.
    private static Shape PooledOverOtherAxes(Node node)
    {
        var x = node[0].Shape;
        int[] kernel = node.Ints("kernel_shape"), ones = [.. kernel.Select(_ => 1)];
        int[] strides = node.Ints("strides", ones), pads = node.Ints("pads", [.. kernel.Select(_ => 0), .. kernel.Select(_ => 0)]);
        bool isPlain = node.Ints("dilations", ones).All(d => d == 1) && node.Text("auto_pad", "NOTSET") == "NOTSET"
            && node.Int("ceil_mode") == 0;
        return !isPlain || x.Rank != kernel.Length + 2
            ? Shape.Unknown
            : new([.. x.Dimensions.Select((d, axis) => axis < 2 || d == Shape.Free ? d : Steps(axis - 2, d))]);

        int Steps(int axis, int size) => ((size + pads[axis] + pads[axis + kernel.Length] - kernel[axis]) / strides[axis]) + 1;
    }

    private static Shape Slide(Shape x, Window window, bool ceil)
    {
        var y = x.With(2, window.Steps(0, x[2], ceil)).With(3, window.Steps(1, x[3], ceil));
        return y[2] != 0 && y[3] != 0
            ? y
            : throw new ShapeMismatchException(
                $"the window covers {window.Extent(0)}x{window.Extent(1)} pixels, but the input has only {x[2]}x{x[3]}");
    }

    public static (ElementType Type, Shape Shape)[] Global(Node node) =>
        [(node[0].Type, new Shape([.. node[0].Shape.Dimensions.Select((d, axis) => axis < 2 ? d : 1)]))];

    // The pads are the padding before each axis, and then the padding after each axis. Before operator set 11, they were an attribute.
    public static (ElementType Type, Shape Shape)[] Pad(Node node)
    {
        var x = node[0].Shape;
        bool isKnown = node.Inputs.ElementAtOrDefault(3) is null;
        return isKnown && PartialValues.KnownInts(node, 1, "pads") is { } pads && pads.Length == 2 * x.Rank
            ? [(node[0].Type, new Shape([.. x.Dimensions.Select((d, axis) => Padded(d, pads[axis], pads[axis + x.Rank]))]))]
            : [(node[0].Type, new Shape([.. x.Dimensions.Select(_ => Shape.Free)]))];

        static int Padded(int dimension, int before, int after) =>
            dimension == Shape.Free ? dimension : checked(dimension + before + after);
    }

    // Sizes take precedence over scales. The scales are input 2; before operator set 11, input 1; before operator set 9, an attribute.
    public static (ElementType Type, Shape Shape)[] Resize(Node node)
    {
        var x = node[0].Shape;
        if (node.Inputs.ElementAtOrDefault(3) is { } sizes)
        {
            return [(node[0].Type, PartialValues.ShapeFrom(sizes) is { } y && y.Rank == x.Rank ? y : Shape.Unknown)];
        }

        var given = node.Inputs.ElementAtOrDefault(2) ?? node.Inputs.ElementAtOrDefault(1);
        var scales = node.Attributes.GetValueOrDefault("scales") as float[]
            ?? (given is not null && PartialValues.TensorOf(given) is { Type: ElementType.Float } tensor ? tensor.Floats.ToArray() : []);
        return [(node[0].Type, scales.Length == x.Rank ? new Shape([.. x.Dimensions.Zip(scales, Scaled)]) : Shape.Unknown)];

        static int Scaled(int dimension, float scale) => dimension == Shape.Free ? dimension : (int)MathF.Floor(dimension * scale);
    }
}
