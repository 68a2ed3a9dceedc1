using Fovea.Models;

namespace Fovea.Training;

// y = x s^-beta, s = k + alpha / size W(x^2). W sums over size neighbouring channels; it is a product with a banded matrix of ones.
// dX = dY s^-beta - 2 alpha beta / size x W'(dY y / s). W' is the product with the transposed matrix.
internal static class LrnRule
{
    /// <summary>
    /// Adds local response normalisation, expressed by other operators. ONNX Runtime runs those on all threads, but its LRN operator on one
    /// thread.
    /// </summary>
    /// <param name="g">The graph.</param>
    /// <param name="x">The input, [N, C, ...].</param>
    /// <param name="node">The LRN node, for its attributes.</param>
    public static Value Forward(Graph g, Value x, Node node) => x * g.Pow(Scale(g, x, node), -node.Float("beta", 0.75f));

    /// <summary>The gradient rule of LRN.</summary>
    public static Value?[] Gradient(Graph g, Node y, Value dY)
    {
        Value x = y[0], s = Scale(g, x, y);
        float alpha = y.Float("alpha", 1e-4f), beta = y.Float("beta", 0.75f);
        var power = g.Pow(s, -beta);
        var spread = NeighbourSum(g, dY * x * power / s, y, transposed: true);
        return [dY * power - x * spread * (2 * alpha * beta / y.Int("size"))];
    }

    private static Value Scale(Graph g, Value x, Node node) =>
        NeighbourSum(g, x * x, node, transposed: false) * (node.Float("alpha", 1e-4f) / node.Int("size")) + node.Float("bias", 1);

    private static Value NeighbourSum(Graph g, Value x, Node node, bool transposed)
    {
        int channels = x.Shape[1], size = (int)node.Int("size"), before = (size - 1) / 2, after = size - 1 - before;
        (before, after) = transposed ? (after, before) : (before, after);
        var band = g.Constant($"band_{channels}_{before}_{after}", () => Tensor.Drawn(new Shape(channels, channels), ones =>
        {
            for (int i = 0; i < ones.Length; i++)
            {
                int distance = i % channels - i / channels;
                ones[i] = distance >= -before && distance <= after ? 1 : 0;
            }
        }));
        var planes = g.Reshape(x, new Shape(x.Shape[0], channels, (int)(x.Shape.Size / x.Shape[0] / channels)));
        return g.Reshape(g.MatMul(band, planes), x.Shape);
    }
}
