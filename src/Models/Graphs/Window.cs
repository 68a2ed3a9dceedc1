using Fovea.Models.Errors;

namespace Fovea.Models.Graphs;

/// <summary>The sliding window of a convolution or a pool over the last two axes. Each array is [height, width], in elements.</summary>
/// <param name="Kernel">The size of the kernel, at least 1.</param>
/// <param name="Strides">The distance between neighbouring positions of the kernel, at least 1.</param>
/// <param name="Before">The padding at the top and on the left. A negative number crops.</param>
/// <param name="After">The padding at the bottom and on the right. A negative number crops.</param>
/// <param name="Dilations">The distance between neighbouring elements of the kernel, at least 1.</param>
public sealed record Window(int[] Kernel, int[] Strides, int[] Before, int[] After, int[] Dilations)
{
    /// <summary>A square window with one stride for both axes and the same padding on all sides.</summary>
    public static Window Square(int kernel, int stride = 1, int padding = 0) =>
        new([kernel, kernel], [stride, stride], [padding, padding], [padding, padding], [1, 1]);

    /// <summary>The window of a convolution with the weights [M, C, R, S], stride 1 and no padding.</summary>
    public static Window Of(Value weights) => new([weights.Shape[2], weights.Shape[3]], [1, 1], [0, 0], [0, 0], [1, 1]);

    /// <summary>The window of a Conv, ConvTranspose or pooling node. The automatic padding of auto_pad is computed.</summary>
    /// <exception cref="FoveaException">The window does not have two axes, or an attribute of the node is invalid.</exception>
    public static Window Of(Node node) => Of(node, node.Inputs.Count > 1 ? node[1].Shape : Shape.Unknown);

    /// <summary>The window of a node. If the node has no kernel_shape, the weights' shape gives it; unknown without weights.</summary>
    internal static Window Of(Node node, Shape weights)
    {
        var kernel = node.Ints("kernel_shape", weights.Rank > 2 ? [.. weights.Dimensions[2..]] : []);
        if (kernel.Length != 2)
        {
            throw new FoveaException(
                ErrorCode.BadModelFile,
                $"Node {node.Name} ({node.Op}) has a window over {kernel.Length} axes; expected 2, height and width.");
        }

        var strides = node.Ints("strides", 1, 1);
        var dilations = node.Ints("dilations", 1, 1);
        var pads = node.Ints("pads", 0, 0, 0, 0);
        if (strides.Length != 2
            || dilations.Length != 2
            || pads.Length != 4
            || kernel.Concat(strides).Concat(dilations).Any(size => size < 1))
        {
            throw new FoveaException(
                ErrorCode.BadModelFile,
                $"Node {node.Name} ({node.Op}) has the kernel_shape {List(kernel)}, strides {List(strides)}, dilations "
                + $"{List(dilations)} and pads "
                + $"{List(pads)}; expected two sizes, strides and dilations of at least 1, and four pads.");
        }

        var window = new Window(kernel, strides, pads[..2], pads[2..], dilations);
        return node.Text("auto_pad", "NOTSET") switch
        {
            "SAME_UPPER" => window.PaddedToSame(node[0].Shape, extraBefore: false),
            "SAME_LOWER" => window.PaddedToSame(node[0].Shape, extraBefore: true),
            _ => window,
        };

        static string List(int[] numbers) => $"[{string.Join(", ", numbers)}]";
    }

    /// <summary>The window as the attributes of an ONNX node.</summary>
    public (string Name, object Value)[] Attributes() =>
    [
        ("kernel_shape", Longs(Kernel)),
        ("strides", Longs(Strides)),
        ("pads", Longs([.. Before, .. After])),
        .. Dilations is [1, 1] ? Array.Empty<(string, object)>() : [("dilations", Longs(Dilations))],
    ];

    /// <summary>The number of positions of the window along one axis, which is the output's size.</summary>
    /// <param name="axis">0 for height, 1 for width.</param>
    /// <param name="size">The input's size along the axis. <see cref="Shape.Free"/> gives <see cref="Shape.Free"/>.</param>
    /// <param name="ceil">
    /// Rounds up instead of down: the last window may then reach beyond the padded input, but it must start inside the input or the padding
    /// before it.
    /// </param>
    /// <returns>0 if the window is larger than the padded input.</returns>
    public int Steps(int axis, int size, bool ceil = false)
    {
        if (size == Shape.Free)
        {
            return Shape.Free;
        }

        int slack = size + Before[axis] + After[axis] - Extent(axis);
        int steps = (slack + (ceil ? Strides[axis] - 1 : 0)) / Strides[axis] + 1;
        bool lastStartsOutside = ceil && (steps - 1) * Strides[axis] >= size + Before[axis];
        return slack < 0 ? 0 : lastStartsOutside ? steps - 1 : steps;
    }

    /// <summary>The number of input elements that the dilated kernel spans along one axis (0 for height, 1 for width).</summary>
    public int Extent(int axis) => (Kernel[axis] - 1) * Dilations[axis] + 1;

    /// <summary>The larger of the two <see cref="Extent"/>s.</summary>
    public int Extents => Math.Max(Extent(0), Extent(1));

    // Pads so that the output has ceil(size / stride) positions. Both sides get half of the padding; if the padding is odd, the additional
    // element goes before or after the image.
    private Window PaddedToSame(Shape input, bool extraBefore)
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
