namespace Fovea.Models;

/// <summary>Shape rules of the operators that work on the height and width of [N, C, H, W].</summary>
internal static class SpatialShapes
{
    public static (ElementType, Shape)[] Conv(Node node)
    {
        Shape x = node[0].Shape, w = node[1].Shape;
        int channels = w[1] * (int)node.Int("group", 1);
        if (x[1] != channels && x[1] != Shape.Free)
        {
            throw new ArgumentException($"the input has {x[1]} channels and the weights take {channels}.");
        }

        return [(node[0].Type, Walk(x.With(1, w[0]), Window.Of(node), ceil: false))];
    }

    public static (ElementType, Shape)[] ConvTranspose(Node node)
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

    // A second output of MaxPool is where in the flattened input each largest value stands.
    public static (ElementType, Shape)[] Pool(Node node)
    {
        var y = Walk(node[0].Shape, Window.Of(node), node.Int("ceil_mode") != 0);
        return node.OutputCount > 1 ? [(node[0].Type, y), (ElementType.Int64, y)] : [(node[0].Type, y)];
    }

    private static Shape Walk(Shape x, Window window, bool ceil)
    {
        var y = x.With(2, window.Steps(0, x[2], ceil)).With(3, window.Steps(1, x[3], ceil));
        return y[2] != 0 && y[3] != 0 ? y : throw new ArgumentException($"{x[2]}x{x[3]} is smaller than the {window.Extent(0)}x{window.Extent(1)} window.");
    }

    public static (ElementType, Shape)[] Global(Node node) =>
        [(node[0].Type, new Shape([.. node[0].Shape.Dimensions.Select((d, axis) => axis < 2 ? d : 1)]))];

    // Pads are all the starts and then all the ends. Before opset 11 they were an attribute.
    public static (ElementType, Shape)[] Pad(Node node)
    {
        var x = node[0].Shape;
        return PartialValues.Given(node, 1, "pads") is { } pads && node.Inputs.ElementAtOrDefault(3) is null && pads.Length == 2 * x.Rank
            ? [(node[0].Type, new Shape([.. x.Dimensions.Select((d, axis) => d == Shape.Free ? d : checked(d + pads[axis] + pads[axis + x.Rank]))]))]
            : [(node[0].Type, new Shape([.. x.Dimensions.Select(_ => Shape.Free)]))];
    }

    // Sizes win over scales. Scales are input 2, before opset 11 input 1, and before opset 9 an attribute.
    public static (ElementType, Shape)[] Resize(Node node)
    {
        var x = node[0].Shape;
        if (node.Inputs.ElementAtOrDefault(3) is { } sizes)
        {
            return [(node[0].Type, PartialValues.ShapeIn(sizes) is { } y && y.Rank == x.Rank ? y : Shape.Unknown)];
        }

        var given = node.Inputs.ElementAtOrDefault(2) ?? node.Inputs.ElementAtOrDefault(1);
        var scales = node.Attributes.GetValueOrDefault("scales") as float[]
            ?? (given is not null && PartialValues.TensorOf(given) is { Type: ElementType.Float } tensor ? tensor.Floats.ToArray() : []);
        return [(node[0].Type, scales.Length == x.Rank ? new Shape([.. x.Dimensions.Zip(scales, (d, scale) => d == Shape.Free ? d : (int)MathF.Floor(d * scale))]) : Shape.Unknown)];
    }
}
