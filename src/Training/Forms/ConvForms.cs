using Fovea.Models;

namespace Fovea.Training;

/// <summary>Forms of a convolution and of its gradient towards its input; null where ONNX Runtime's own is as good.</summary>
internal static class ConvForms
{
    // Places of an image so few that a matrix product with them alone is too narrow.
    private const int FewPlaces = 64;

    /// <summary>Whether the images of a tensor are so small that a matrix product with one of them is too narrow.</summary>
    public static bool HasFewPlaces(Value y) => y.Shape[2] * y.Shape[3] < FewPlaces;

    /// <summary>A convolution, and max(y, 0) of its results where asked.</summary>
    public static Value? Forward(Layouts layouts, Node node, Value?[] inputs, bool relu)
    {
        Value x = inputs[0]!, w = inputs[1]!;
        var bias = inputs.ElementAtOrDefault(2);
        var window = Window.Of(node);

        // A 1x1 kernel is a matrix product of the images as they lie; bringing more channels back from the blocks than there went in costs more than the blocks gain.
        return node.Int("group", 1) != 1 || (IsPointwise(window) && w.Shape[0] >= w.Shape[1]) ? null
            : HasFewPlaces(node.Output) && x.Shape[0] > 1 && window is { Strides: [1, 1], Extents: > 1 } ? Folded(layouts.Graph, x, w, bias, window, relu)
            : Layouts.Blocks(w.Shape[0]) && Layouts.Blocks(x.Shape[1]) ? layouts.Plain(layouts.Conv(layouts.Blocked(x), layouts.Filters(w), bias, window, relu))
            : null;
    }

    // The batch woven into the width makes one image of [C, H, W N], and one matrix product of it; the weights stay as they lie.
    private static Value Folded(Graph g, Value x, Value w, Value? bias, Window window, bool relu)
    {
        int n = x.Shape[0];
        int[] Columns(int[] of) => [of[0], of[1] * n];
        var wide = g.Reshape(g.Transpose(g.Reshape(x, new Shape(n, (int)x.Shape.Size / n)), 1, 0), new Shape(1, x.Shape[1], x.Shape[2], x.Shape[3] * n));
        var y = g.Conv(wide, w, bias, window with { Before = Columns(window.Before), After = Columns(window.After), Dilations = Columns(window.Dilations) });
        y = relu ? g.Relu(y) : y;
        return g.Reshape(g.Transpose(g.Reshape(y, new Shape((int)y.Shape.Size / n, n)), 1, 0), new Shape(n, y.Shape[1], y.Shape[2], y.Shape[3] / n));
    }

    /// <summary>A transposed convolution: with steps of one, a convolution with the kernels turned round.</summary>
    public static Value? InputGradient(Layouts layouts, Node node, Value?[] inputs)
    {
        Value dY = inputs[0]!, w = inputs[1]!;
        var window = Window.Of(node);
        if (node.Int("group", 1) == 1 && IsPointwise(window) && HasFewPlaces(dY) && inputs.ElementAtOrDefault(2) is null)
        {
            return PointwiseBack(layouts.Graph, dY, w);
        }

        if (node.Int("group", 1) != 1 || !Layouts.Blocks(w.Shape[0]) || !Layouts.Blocks(w.Shape[1]) || window.Strides is not [1, 1] || inputs.ElementAtOrDefault(2) is not null)
        {
            return null;
        }

        int[] extra = node.Ints("output_padding", 0, 0);
        int[] before = [window.Extent(0) - 1 - window.Before[0], window.Extent(1) - 1 - window.Before[1]];
        int[] after = [window.Extent(0) - 1 - window.After[0] + extra[0], window.Extent(1) - 1 - window.After[1] + extra[1]];
        if (before.Concat(after).Any(padding => padding < 0))
        {
            return null;
        }

        return layouts.Plain(layouts.Conv(layouts.Blocked(dY), layouts.TurnedFilters(w), null, window with { Before = before, After = after }));
    }

    private static bool IsPointwise(Window window) => window is { Kernel: [1, 1], Strides: [1, 1], Before: [0, 0], After: [0, 0] };

    // A 1x1 kernel: dX[n] = W' dY[n].
    private static Value PointwiseBack(Graph g, Value dY, Value w)
    {
        int n = dY.Shape[0], m = w.Shape[0], c = w.Shape[1], places = dY.Shape[2] * dY.Shape[3];
        var products = g.Apply("com.microsoft", "FusedMatMul", [g.Reshape(w, new Shape(1, m, c)), g.Reshape(dY, new Shape(n, m, places))], new Shape(n, c, places), ("transA", 1L));
        return g.Reshape(products, new Shape(n, c, dY.Shape[2], dY.Shape[3]));
    }
}
