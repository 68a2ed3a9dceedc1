using Fovea.Models;

namespace Fovea.Training;

// y = x s^-beta, s = k + alpha / size W(x^2), W summing over size neighbouring channels.
// dX = dY s^-beta - 2 alpha beta / size x W'(dY y / s), W' being W turned round.
// W is a product with a banded matrix of ones over the channels.
internal static class LrnRule
{
    /// <summary>The operator from others that ONNX Runtime runs on all threads, which it does not do for LRN itself.</summary>
    public static Value Forward(Graph g, Value x, Node node) => x * g.Pow(Scale(g, x, node), -node.Float("beta", 0.75f));

    public static Value?[] Gradient(Graph g, Node y, Value dY)
    {
        Value x = y[0], s = Scale(g, x, y);
        float alpha = y.Float("alpha", 1e-4f), beta = y.Float("beta", 0.75f);
        var power = g.Pow(s, -beta);
        var spread = Neighbours(g, dY * x * power / s, y, turned: true);
        return [dY * power - x * spread * (2 * alpha * beta / y.Int("size"))];
    }

    private static Value Scale(Graph g, Value x, Node node) =>
        Neighbours(g, x * x, node, turned: false) * (node.Float("alpha", 1e-4f) / node.Int("size")) + node.Float("bias", 1);

    private static Value Neighbours(Graph g, Value x, Node node, bool turned)
    {
        int channels = x.Shape[1], size = (int)node.Int("size"), before = (size - 1) / 2, after = size - 1 - before;
        (before, after) = turned ? (after, before) : (before, after);
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
