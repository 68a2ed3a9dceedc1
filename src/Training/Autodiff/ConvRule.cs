using Fovea.Models;

namespace Fovea.Training;

// Y[N,M,P,Q] = Conv(X[N,C,H,W], W[M,C,R,S]) + b[M]; one group.
// dX = ConvTranspose(dY, W), its padding chosen so that H and W return exactly.
// dW = Conv(X', dY')', ' swapping the first two axes, strides and dilations swapped, cropped to RxS. The sum over the batch is taken in
//      two parts: a convolution of as many groups as the batch allows, which ONNX Runtime runs on all threads, then a sum over the groups.
// db = dY summed over N, P and Q.
internal static class ConvRule
{
    // One group's images share a matrix product, so a group wants a few of them; the groups keep the threads busy.
    private const int MostGroups = 32;

    public static Value?[] Gradient(Graph g, Node y, Value dY)
    {
        if (y.Int("group", 1) != 1)
        {
            throw new FoveaException(ErrorCode.BadModelFile, $"Node {y.Name} (Conv) has {y.Int("group", 1)} groups and cannot be trained; expected 1.");
        }

        Value x = y[0], w = y[1];
        var window = Window.Of(y);
        var dX = TransposedConv.ToSize(g, dY, w, window, x.Shape, group: 1);
        return [dX, WeightGradient(g, x, w, dY, window), .. y.Inputs.Skip(2).Select(_ => g.ReduceSum(dY, [0, 2, 3]))];
    }

    private static Value WeightGradient(Graph g, Value x, Value w, Value dY, Window window)
    {
        int n = x.Shape[0], c = x.Shape[1], m = dY.Shape[1], p = dY.Shape[2], q = dY.Shape[3], r = w.Shape[2], s = w.Shape[3];
        int groups = LargestDivisor(n, MostGroups);
        var swapped = new Window([p, q], window.Dilations, window.Before, window.After, window.Strides);

        var images = c == 1 ? g.Reshape(x, new Shape(1, n, x.Shape[2], x.Shape[3])) : g.Transpose(x, 1, 0, 2, 3);
        var filters = groups == n
            ? g.Reshape(dY, new Shape(n * m, 1, p, q))
            : g.Reshape(g.Transpose(g.Reshape(dY, new Shape(groups, n / groups, m, p * q)), 0, 2, 1, 3), new Shape(groups * m, n / groups, p, q));
        var parts = g.Conv(images, filters, window: swapped, group: groups);
        if (parts.Shape[2] != r || parts.Shape[3] != s)
        {
            parts = g.Slice(parts, [0, 0], [r, s], [2, 3]);
        }

        var dW = g.ReduceSum(g.Reshape(parts, new Shape(c, groups, m * r * s)), [1]);
        return g.Transpose(g.Reshape(dW, new Shape(c, m, r, s)), 1, 0, 2, 3);
    }

    private static int LargestDivisor(int number, int limit) => Enumerable.Range(1, Math.Min(number, limit)).Last(divisor => number % divisor == 0);
}
