using Fovea.Models.Graphs;

namespace Fovea.Models.Rewrites;

/// <summary>Faster forms of a convolution and of the gradient of its input, for ONNX Runtime's CPU provider.</summary>
internal static class ConvLowering
{
    // A matrix product has one column for each position (H x W) of an image. With fewer columns than this, it is too narrow to be
    // efficient.
    private const int FewPositions = 64;

    /// <summary>
    /// Whether a tensor [N, C, H, W] has so few positions, H x W, that a matrix product with a single image is inefficient.
    /// </summary>
    public static bool HasFewPositions(Value y) => y.Shape[2] * y.Shape[3] < FewPositions;

    /// <summary>
    /// The rewrite of a convolution. If a Relu is the only reader of the convolution's output, the rewritten form computes the Relu too.
    /// </summary>
    public static IReadOnlyList<Value>? Forward(RewriteContext context, Node node, Value?[] inputs)
    {
        bool relu = context.FeedsOnlyRelu(node);
        if (Forward(context.Layouts, node, inputs, relu) is not { } y)
        {
            return null;
        }

        if (relu)
        {
            context.Activated.Add(y);
        }

        return [y];
    }

    /// <summary>The rewrite of a Relu that the rewritten convolution before it already computes.</summary>
    public static IReadOnlyList<Value>? FusedRelu(RewriteContext context, Node node, Value?[] inputs) =>
        context.Activated.Contains(inputs[0]!) ? [inputs[0]!] : null;

    // Adds the faster form of a convolution; null if ONNX Runtime's own Conv is as fast.
    private static Value? Forward(Layouts layouts, Node node, Value?[] inputs, bool relu)
    {
        Value x = inputs[0]!, w = inputs[1]!;
        var bias = inputs.ElementAtOrDefault(2);
        var window = Window.Of(node);

        // ONNX Runtime computes a convolution with a 1x1 kernel as a matrix product, without changing X's layout. Reordering X and the
        // blocked result costs more than a blocked convolution saves.
        return node.Int("group", 1) != 1 || IsPointwise(window) ? null
            : window is { Kernel: [1, 1], Before: [0, 0], After: [0, 0] } ? Pointwise(layouts.Graph, x, w, bias, window.Strides, relu)
            : HasFewPositions(node.Output) && x.Shape[0] > 1 && window is { Strides: [1, 1], Extents: > 1 }
                ? BatchInWidth(layouts.Graph, x, w, bias, window, relu)
            : layouts.Blocks(w.Shape[0]) && layouts.Blocks(x.Shape[1])
                ? layouts.Plain(layouts.Conv(layouts.Blocked(x), layouts.Filters(w), bias, window, relu))
            : null;
    }

    /// <summary>
    /// The pixels of x at which a window with strides stands. A pool with windows of one pixel copies them on all threads; a Slice uses
    /// one.
    /// </summary>
    public static Value Subsampled(Graph g, Value x, int[] strides) =>
        g.AveragePool(x, new Window([1, 1], strides, [0, 0], [0, 0], [1, 1]));

    // A convolution with a 1x1 kernel and strides is a matrix product with the pixels that it reads.
    private static Value Pointwise(Graph g, Value x, Value w, Value? bias, int[] strides, bool relu)
    {
        var y = g.Conv(Subsampled(g, x, strides), w, bias, Window.Square(1));
        return relu ? g.Relu(y) : y;
    }

    // Interleaves the batch with the width: X becomes one image [1, C, H, W N], and the convolution becomes one wide matrix product.
    // Padding and dilation along the width are multiplied by N; the weights do not change.
    private static Value BatchInWidth(Graph g, Value x, Value w, Value? bias, Window window, bool relu)
    {
        int n = x.Shape[0];
        int[] Columns(int[] of) => [of[0], of[1] * n];
        var columns = g.Transpose(g.Reshape(x, new Shape(n, (int)x.Shape.Size / n)), 1, 0);
        var wide = g.Reshape(columns, new Shape(1, x.Shape[1], x.Shape[2], x.Shape[3] * n));
        var wideWindow = window with
        {
            Before = Columns(window.Before),
            After = Columns(window.After),
            Dilations = Columns(window.Dilations),
        };
        var y = g.Conv(wide, w, bias, wideWindow);
        y = relu ? g.Relu(y) : y;
        var batch = g.Transpose(g.Reshape(y, new Shape((int)y.Shape.Size / n, n)), 1, 0);
        return g.Reshape(batch, new Shape(n, y.Shape[1], y.Shape[2], y.Shape[3] / n));
    }

    /// <summary>
    /// The rewrite of the gradient of a convolution's input, which is a transposed convolution. With strides of 1, this gradient equals a
    /// convolution with reversed kernels. A transposed convolution with a bias is not rewritten.
    /// </summary>
    public static IReadOnlyList<Value>? InputGradient(RewriteContext context, Node node, Value?[] inputs) =>
        InputGradient(context.Layouts, node, inputs) is { } dX ? [dX] : null;

    private static Value? InputGradient(Layouts layouts, Node node, Value?[] inputs)
    {
        Value dY = inputs[0]!, w = inputs[1]!;
        var window = Window.Of(node);
        if (node.Int("group", 1) != 1 || inputs.ElementAtOrDefault(2) is not null)
        {
            return null;
        }

        if (IsPointwise(window))
        {
            return PointwiseInputGradient(layouts.Graph, dY, w);
        }

        if (!layouts.Blocks(w.Shape[0]) || !layouts.Blocks(w.Shape[1]) || window.Strides is not [1, 1])
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

        var backward = window with { Before = before, After = after };
        return layouts.Plain(layouts.Conv(layouts.Blocked(dY), layouts.ReversedFilters(w), null, backward));
    }

    private static bool IsPointwise(Window window) => window is { Kernel: [1, 1], Strides: [1, 1], Before: [0, 0], After: [0, 0] };

    // The input gradient of a convolution with a 1x1 kernel W[M, C]: dX[n] = W' dY[n].
    private static Value PointwiseInputGradient(Graph g, Value dY, Value w)
    {
        int n = dY.Shape[0], m = w.Shape[0], c = w.Shape[1], positions = dY.Shape[2] * dY.Shape[3];
        Value weights = g.Reshape(w, new Shape(1, m, c)), gradients = g.Reshape(dY, new Shape(n, m, positions));
        var products = g.Apply("com.microsoft", "FusedMatMul", [weights, gradients], new Shape(n, c, positions), ("transA", 1L));
        return g.Reshape(products, new Shape(n, c, dY.Shape[2], dY.Shape[3]));
    }
}
