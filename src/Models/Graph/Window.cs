namespace Fovea.Models;

/// <summary>
/// How a convolution or a pool walks over the two last axes, each array being [height, width]: the size of the kernel,
/// its steps, the zeros added before (top, left) and after (bottom, right), and the spacing of the kernel's own elements.
/// </summary>
public sealed record Window(int[] Kernel, int[] Strides, int[] Before, int[] After, int[] Dilations)
{
    /// <summary>A square window with the same stride both ways and the same padding on all sides.</summary>
    public static Window Square(int kernel, int stride = 1, int padding = 0) =>
        new([kernel, kernel], [stride, stride], [padding, padding], [padding, padding], [1, 1]);

    /// <summary>The window of a convolution with these weights, stride 1 and no padding.</summary>
    public static Window Of(Value weights) => new([weights.Shape[2], weights.Shape[3]], [1, 1], [0, 0], [0, 0], [1, 1]);

    /// <summary>The window that a Conv, ConvTranspose or pooling node walks, automatic padding resolved.</summary>
    /// <exception cref="FoveaException">The window is not one over two axes.</exception>
    public static Window Of(Node node)
    {
        var kernel = node.Ints("kernel_shape", node.Inputs.Count > 1 ? [.. node[1].Shape.Dimensions[2..]] : []);
        if (kernel.Length != 2)
        {
            throw new FoveaException(ErrorCode.BadModelFile, $"Node {node.Name} ({node.Op}) has a window over {kernel.Length} axes; expected 2, for images.");
        }

        var strides = node.Ints("strides", 1, 1);
        var dilations = node.Ints("dilations", 1, 1);
        var pads = node.Ints("pads", 0, 0, 0, 0);
        if (strides.Length != 2 || dilations.Length != 2 || pads.Length != 4 || kernel.Concat(strides).Concat(dilations).Any(size => size < 1))
        {
            throw new FoveaException(ErrorCode.BadModelFile, $"Node {node.Name} ({node.Op}) has a window that cannot be; expected two sizes, strides and dilations of at least 1, and four pads.");
        }

        var window = new Window(kernel, strides, pads[..2], pads[2..], dilations);
        return node.Text("auto_pad", "NOTSET") switch
        {
            "SAME_UPPER" => window.Same(node[0].Shape, extraBefore: false),
            "SAME_LOWER" => window.Same(node[0].Shape, extraBefore: true),
            _ => window,
        };
    }

    /// <summary>The attributes that say so in an ONNX node.</summary>
    public (string Name, object Value)[] Attributes() =>
    [
        ("kernel_shape", Longs(Kernel)),
        ("strides", Longs(Strides)),
        ("pads", Longs([.. Before, .. After])),
        .. Dilations is [1, 1] ? Array.Empty<(string, object)>() : [("dilations", Longs(Dilations))],
    ];

    /// <summary>
    /// The number of windows along a spatial axis (0 height, 1 width) of <paramref name="size"/> elements, a free size
    /// giving a free number. With <paramref name="ceil"/> the last window may reach over the edge as long as it starts before it.
    /// </summary>
    public int Steps(int axis, int size, bool ceil = false)
    {
        if (size == Shape.Free)
        {
            return Shape.Free;
        }

        int slack = size + Before[axis] + After[axis] - Extent(axis);
        int steps = (slack + (ceil ? Strides[axis] - 1 : 0)) / Strides[axis] + 1;
        bool startsBehindTheEdge = ceil && (steps - 1) * Strides[axis] >= size + Before[axis];
        return slack < 0 ? 0 : startsBehindTheEdge ? steps - 1 : steps;
    }

    /// <summary>How many elements the kernel spans along a spatial axis, dilation included.</summary>
    public int Extent(int axis) => (Kernel[axis] - 1) * Dilations[axis] + 1;

    /// <summary>How many elements the kernel spans along the side on which it spans more.</summary>
    public int Extents => Math.Max(Extent(0), Extent(1));

    // The output has ceil(size / stride) steps; the padding that takes is split evenly, an odd one going before or after.
    private Window Same(Shape input, bool extraBefore)
    {
        int[] before = [0, 0], after = [0, 0];
        for (int axis = 0; axis < 2; axis++)
        {
            int size = input[axis + 2];
            int steps = (size + Strides[axis] - 1) / Strides[axis];
            int total = Math.Max(0, (steps - 1) * Strides[axis] + Extent(axis) - size);
            before[axis] = (total + (extraBefore ? 1 : 0)) / 2;
            after[axis] = total - before[axis];
        }

        return this with { Before = before, After = after };
    }

    private static long[] Longs(int[] values) => [.. values.Select(v => (long)v)];
}
