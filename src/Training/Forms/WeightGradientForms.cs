using Fovea.Models;

namespace Fovea.Training;

// dW[m,c,r,s] = sum over n, p, q of dY[n,m,p,q] X[n, c, p stride + r dilation - padding, q stride + s dilation - padding]
// is a convolution of X with dY as its kernel, strides and dilations swapped, the batch being what it sums over. ONNX Runtime multiplies
// matrices for it, of which one side has as many columns as the result has places: R S for each channel, far too few. So the channels
// are woven into the width: of X[N,H,W,C] a row is W C numbers long, the kernel's elements are C strides apart, and one row of the
// result is S C long: dW'[M, R, S, C].
internal static class WeightGradientForms
{
    // One part's images share a matrix product, so a part wants a few of them; the parts keep the threads busy.
    private const int MostParts = 32;

    public static Value Of(Layouts layouts, Node node, Value x, Value dY)
    {
        var g = layouts.Graph;
        var window = Window.Of(node);
        int groups = (int)node.Int("group", 1), m = dY.Shape[1], c = x.Shape[1];
        return groups > 1 || c == 1 || window.Dilations[1] > 1 ? InParts(g, x, new Shape(m, c / groups, window.Kernel[0], window.Kernel[1]), dY, window, groups)
            : window is { Kernel: [1, 1], Before: [0, 0], After: [0, 0] } ? Pointwise(g, x, dY, window)
            : Woven(layouts, x, dY, window);
    }

    private static Value Woven(Layouts layouts, Value x, Value dY, Window window)
    {
        var g = layouts.Graph;
        int n = x.Shape[0], c = x.Shape[1], h = x.Shape[2], w = x.Shape[3], m = dY.Shape[1], p = dY.Shape[2], q = dY.Shape[3], r = window.Kernel[0], s = window.Kernel[1];
        int afterH = window.Extent(0) + (p - 1) * window.Strides[0] - h - window.Before[0], afterW = window.Extent(1) + (q - 1) * window.Strides[1] - w - window.Before[1];
        var swapped = new Window(
            [p, q], [window.Dilations[0], 1], [window.Before[0], window.Before[1] * c], [Math.Max(0, afterH), Math.Max(0, afterW) * c], [window.Strides[0], window.Strides[1] * c]);
        var woven = g.Reshape(layouts.ChannelsLast(x), new Shape(1, n, h, w * c));
        var products = g.Conv(woven, g.Transpose(dY, 1, 0, 2, 3), window: swapped);
        if (products.Shape[2] != r || products.Shape[3] != s * c)
        {
            products = g.Slice(products, [0, 0], [r, s * c], [2, 3]);
        }

        return layouts.ChannelsFirst(g.Reshape(products, new Shape(m, r, s, c)));
    }

    // A 1x1 kernel: dW = sum over n of dY[n] X[n]', one matrix product an image; where an image has few places, one of all of them side by side.
    private static Value Pointwise(Graph g, Value x, Value dY, Window window)
    {
        int n = x.Shape[0], c = x.Shape[1], m = dY.Shape[1], places = dY.Shape[2] * dY.Shape[3];
        if (window.Strides is not [1, 1])
        {
            x = g.Slice(x, [0, 0], [x.Shape[2], x.Shape[3]], [2, 3], window.Strides);
        }

        if (ConvForms.HasFewPlaces(dY))
        {
            Value Together(Value images) => g.Reshape(g.Transpose(images, 1, 0, 2, 3), new Shape(images.Shape[1], n * places));
            return g.Reshape(g.Apply("com.microsoft", "FusedMatMul", [Together(dY), Together(x)], new Shape(m, c), ("transB", 1L)), new Shape(m, c, 1, 1));
        }

        var products = g.Apply("com.microsoft", "FusedMatMul", [g.Reshape(dY, new Shape(n, m, places)), g.Reshape(x, new Shape(n, c, places))], new Shape(n, m, c), ("transB", 1L));
        return g.Reshape(g.ReduceSum(products, [0]), new Shape(m, c, 1, 1));
    }

    // In two parts: a convolution of as many groups as the batch allows, which ONNX Runtime runs on all threads, then a sum over the groups.
    private static Value InParts(Graph g, Value x, Shape w, Value dY, Window window, int groups)
    {
        int n = x.Shape[0], c = w[1], h = x.Shape[2], m = w[0] / groups, p = dY.Shape[2], q = dY.Shape[3], r = w[2], s = w[3];
        int parts = LargestDivisor(n, MostParts), images = n / parts;
        var swapped = new Window([p, q], window.Dilations, window.Before, window.After, window.Strides);

        // Image [C/G, (parts, G, images), H, W] by filters [(parts, G, M/G), images, P, Q].
        var from = Reordered(x, new Shape(parts, images, groups, c, h * x.Shape[3]), [3, 0, 2, 1, 4], new Shape(c, n * groups, h, x.Shape[3]));
        var filters = Reordered(dY, new Shape(parts, images, groups, m, p * q), [0, 2, 3, 1, 4], new Shape(parts * groups * m, images, p, q));
        var products = g.Conv(from, filters, window: swapped, group: parts * groups);
        if (products.Shape[2] != r || products.Shape[3] != s)
        {
            products = g.Slice(products, [0, 0], [r, s], [2, 3]);
        }

        var dW = g.ReduceSum(g.Reshape(products, new Shape(c, parts, groups * m * r * s)), [1]);
        return Reordered(dW, new Shape(c, groups * m, r * s), [1, 0, 2], w);

        // Transposed, unless only axes of length 1 change places, which moves nothing.
        Value Reordered(Value value, Shape axes, int[] order, Shape shape)
        {
            var moved = order.Where(axis => axes[axis] != 1);
            return g.Reshape(moved.SequenceEqual(moved.Order()) ? value : g.Transpose(g.Reshape(value, axes), order), shape);
        }
    }

    private static int LargestDivisor(int number, int limit) => Enumerable.Range(1, Math.Min(number, limit)).Last(divisor => number % divisor == 0);
}
