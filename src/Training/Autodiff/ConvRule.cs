using Fovea.Models;

namespace Fovea.Training;

// Y[N,M,P,Q] = Conv(X[N,C,H,W], W[M,C/G,R,S]) + b[M]; G groups, each of M/G filters over C/G channels.
// dX = ConvTranspose(dY, W), its padding chosen so that H and W return exactly.
// dW = Conv(X', dY')', ' swapping the first two axes, strides and dilations swapped, cropped to RxS. The sum over the batch is taken in
//      two parts: a convolution of as many groups as the batch allows, which ONNX Runtime runs on all threads, then a sum over the groups.
// db = dY summed over N, P and Q.
internal static class ConvRule
{
    // One part's images share a matrix product, so a part wants a few of them; the parts keep the threads busy.
    private const int MostParts = 32;

    public static Value?[] Gradient(Graph g, Node y, Value dY)
    {
        Value x = y[0], w = y[1];
        var window = Window.Of(y);
        int groups = (int)y.Int("group", 1);
        var dX = TransposedConv.ToSize(g, dY, w, window, x.Shape, groups);
        return [dX, WeightGradient(g, x, w, dY, window, groups), .. y.Inputs.Skip(2).Select(_ => g.ReduceSum(dY, [0, 2, 3]))];
    }

    public static Value WeightGradient(Graph g, Value x, Value w, Value dY, Window window, int groups)
    {
        int n = x.Shape[0], c = w.Shape[1], h = x.Shape[2], m = w.Shape[0] / groups, p = dY.Shape[2], q = dY.Shape[3], r = w.Shape[2], s = w.Shape[3];
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
        return Reordered(dW, new Shape(c, groups * m, r * s), [1, 0, 2], w.Shape);

        // Transposed, unless only axes of length 1 change places, which moves nothing.
        Value Reordered(Value value, Shape axes, int[] order, Shape shape)
        {
            var moved = order.Where(axis => axes[axis] != 1);
            return g.Reshape(moved.SequenceEqual(moved.Order()) ? value : g.Transpose(g.Reshape(value, axes), order), shape);
        }
    }

    private static int LargestDivisor(int number, int limit) => Enumerable.Range(1, Math.Min(number, limit)).Last(divisor => number % divisor == 0);
}
