using Fovea.Models.Graphs;

namespace Fovea.Models.Rewrites;

// The gradient of a convolution's weights,
//     dW[m,c,r,s] = sum over n, p, q of dY[n,m,p,q] X[n, c, p stride + r dilation - padding, q stride + s dilation - padding],
// is a convolution of X with dY as its kernel, in which strides and dilations are swapped, and the batch takes the place of the channels.
// ONNX Runtime computes a convolution as a matrix product with one column for each output position. Here each channel has only R S output
// positions, so the product would be too narrow to be efficient. Interleaving the channels with the width makes the product C times wider:
// a row of X[N,H,W,C] has W C elements, the kernel's elements are C strides apart, and a row of the result dW'[M,R,S,C] has S C elements.
internal static class WeightGradientLowering
{
    // The batch is split into at most this many parts. The images of a part share a matrix product; the parts run on different threads.
    private const int MaximumParts = 32;

    /// <summary>The rewrite of the placeholder for dW, the gradient of a convolution's weights, [M, C / groups, R, S].</summary>
    public static IReadOnlyList<Value> Of(RewriteContext context, Node node, Value?[] inputs) =>
        [Of(context.Layouts, node, inputs[0]!, inputs[1]!)];

    // x is the convolution's input, [N, C, H, W], and dY is the gradient of the convolution's output, [N, M, P, Q].
    private static Value Of(Layouts layouts, Node node, Value x, Value dY)
    {
        var g = layouts.Graph;
        var window = Window.Of(node);
        int groups = node.Int32("group", 1), m = dY.Shape[1], c = x.Shape[1];
        if (groups > 1 || c == 1 || window.Dilations[1] > 1)
        {
            return SplitBatch(g, x, new Shape(m, c / groups, window.Kernel[0], window.Kernel[1]), dY, window, groups);
        }

        return window is { Kernel: [1, 1], Before: [0, 0], After: [0, 0] }
            ? Pointwise(g, x, dY, window)
            : ChannelsInWidth(layouts, x, dY, window);
    }

    private static Value ChannelsInWidth(Layouts layouts, Value x, Value dY, Window window)
    {
        var g = layouts.Graph;
        int n = x.Shape[0], c = x.Shape[1], h = x.Shape[2], w = x.Shape[3];
        int m = dY.Shape[1], p = dY.Shape[2], q = dY.Shape[3], r = window.Kernel[0], s = window.Kernel[1];
        int afterH = window.Extent(0) + (p - 1) * window.Strides[0] - h - window.Before[0];
        int afterW = window.Extent(1) + (q - 1) * window.Strides[1] - w - window.Before[1];
        var swapped = new Window(
            [p, q],
            [window.Dilations[0], 1],
            [window.Before[0], window.Before[1] * c],
            [Math.Max(0, afterH), Math.Max(0, afterW) * c],
            [window.Strides[0], window.Strides[1] * c]);
        var wide = g.Reshape(layouts.ChannelsLast(x), new Shape(1, n, h, w * c));
        var products = g.Conv(wide, g.Transpose(dY, 1, 0, 2, 3), window: swapped);
        if (products.Shape[2] != r || products.Shape[3] != s * c)
        {
            products = g.Slice(products, [0, 0], [r, s * c], [2, 3]);
        }

        return layouts.ChannelsFirst(g.Reshape(products, new Shape(m, r, s, c)));
    }

    // The weight gradient for a 1x1 kernel: dW = sum over n of dY[n] X[n]', one matrix product for each image. If the images have few
    // positions, all images are concatenated for one product.
    private static Value Pointwise(Graph g, Value x, Value dY, Window window)
    {
        int n = x.Shape[0], c = x.Shape[1], m = dY.Shape[1], positions = dY.Shape[2] * dY.Shape[3];
        if (window.Strides is not [1, 1])
        {
            x = ConvLowering.Subsampled(g, x, window.Strides);
        }

        if (ConvLowering.HasFewPositions(dY))
        {
            Value Concatenated(Value images) => g.Reshape(g.Transpose(images, 1, 0, 2, 3), new Shape(images.Shape[1], n * positions));
            return g.Reshape(ProductWithTransposed(Concatenated(dY), Concatenated(x), new Shape(m, c)), new Shape(m, c, 1, 1));
        }

        Value gradients = g.Reshape(dY, new Shape(n, m, positions)), images = g.Reshape(x, new Shape(n, c, positions));
        var products = ProductWithTransposed(gradients, images, new Shape(n, m, c));
        return g.Reshape(g.ReduceSum(products, [0]), new Shape(m, c, 1, 1));

        Value ProductWithTransposed(Value a, Value b, Shape shape) =>
            g.Apply("com.microsoft", "FusedMatMul", [a, b], shape, ("transB", 1L));
    }

    // Computes dW as a convolution whose groups are parts of the batch, because ONNX Runtime runs groups on different threads, and then
    // sums the parts.
    private static Value SplitBatch(Graph g, Value x, Shape w, Value dY, Window window, int groups)
    {
        int n = x.Shape[0], c = w[1], h = x.Shape[2], m = w[0] / groups, p = dY.Shape[2], q = dY.Shape[3], r = w[2], s = w[3];
        int parts = LargestDivisor(n, MaximumParts), images = n / parts;
        var swapped = new Window([p, q], window.Dilations, window.Before, window.After, window.Strides);

        // The image is [C/G, (parts, G, images), H, W], the filters are [(parts, G, M/G), images, P, Q].
        Shape imageAxes = new(parts, images, groups, c, h * x.Shape[3]), filterAxes = new(parts, images, groups, m, p * q);
        var from = Reordered(x, imageAxes, [3, 0, 2, 1, 4], new Shape(c, n * groups, h, x.Shape[3]));
        var filters = Reordered(dY, filterAxes, [0, 2, 3, 1, 4], new Shape(parts * groups * m, images, p, q));
        var products = g.Conv(from, filters, window: swapped, group: parts * groups);
        if (products.Shape[2] != r || products.Shape[3] != s)
        {
            products = g.Slice(products, [0, 0], [r, s], [2, 3]);
        }

        var dW = g.ReduceSum(g.Reshape(products, new Shape(c, parts, groups * m * r * s)), [1]);
        return Reordered(dW, new Shape(c, groups * m, r * s), [1, 0, 2], w);

        // Transposes a value, unless the transposition moves only axes of length 1 and so leaves the memory unchanged.
        Value Reordered(Value value, Shape axes, int[] order, Shape shape)
        {
            var moved = order.Where(axis => axes[axis] != 1);
            return g.Reshape(moved.SequenceEqual(moved.Order()) ? value : g.Transpose(g.Reshape(value, axes), order), shape);
        }
    }

    private static int LargestDivisor(int number, int limit) =>
        Enumerable.Range(1, Math.Min(number, limit)).Last(divisor => number % divisor == 0);
}
