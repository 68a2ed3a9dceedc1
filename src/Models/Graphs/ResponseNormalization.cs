namespace Fovea.Models.Graphs;

// Y[N, C, H, W] = X / S^beta, S = k + alpha / size W(X^2). W sums over size neighbouring channels.
// S = Conv(X^2, B) + k, 1x1, with the banded matrix B[C, C]: alpha / size within the band, 0 outside.
// dX = dY / S^beta - 2 beta X Conv(dY X / S^beta / S, B'). B' is the transposed matrix, with the band reversed.
// For beta = 3/4, S^beta = sqrt(S) sqrt(sqrt(S)).

/// <summary>
/// Replaces local response normalisation, LRN, by operators that ONNX Runtime computes with vector instructions and on all threads. ONNX
/// Runtime's implementation of LRN is not vectorised.
/// </summary>
internal static class ResponseNormalization
{
    /// <summary>Whether a node is an LRN on floats [N, C, H, W] with a known number of channels.</summary>
    public static bool Suits(Node node) =>
        node is { Op: "LRN", Domain: "" } && node[0] is { Type: ElementType.Float, Shape: { Rank: 4 } x } && x[1] > 0;

    /// <summary>Adds operators that compute the same as an LRN node, and returns their output.</summary>
    /// <param name="g">The graph to which the operators are added.</param>
    /// <param name="x">The input, [N, C, H, W].</param>
    /// <param name="node">The LRN node, for its attributes.</param>
    public static Value Expressed(Graph g, Value x, Node node) => x / Power(g, Scale(g, x, node), node);

    /// <summary>The gradient rule of LRN.</summary>
    public static Value?[] Gradient(Graph g, Node y, Value dY)
    {
        Value x = y[0], s = Scale(g, x, y), share = dY / Power(g, s, y);
        var spread = NeighbourSum(g, share * x / s, y, transposed: true);
        return [share - x * spread * (2 * y.Float("beta", 0.75f))];
    }

    private static Value Scale(Graph g, Value x, Node node)
    {
        float bias = node.Float("bias", 1);
        int channels = x.Shape[1];
        var shift = g.Constant($"lrn/bias_{channels}_{bias}", () => Tensor.Drawn(new Shape(channels), biases => biases.Fill(bias)));
        return NeighbourSum(g, x * x, node, transposed: false, shift);
    }

    // S^beta. ONNX Runtime computes Sqrt with vector instructions, but not Pow.
    private static Value Power(Graph g, Value s, Node node)
    {
        float beta = node.Float("beta", 0.75f);
        if (beta != 0.75f)
        {
            return g.Pow(s, beta);
        }

        var root = g.Sqrt(s);
        return root * g.Sqrt(root);
    }

    // alpha / size times the sum over neighbouring channels, plus a shift. A matrix product with many zeros reads the images once. A sum of
    // shifted copies would read them once per neighbour, which takes longer for up to a few hundred channels.
    private static Value NeighbourSum(Graph g, Value x, Node node, bool transposed, Value? shift = null)
    {
        int channels = x.Shape[1], size = node.Int32("size"), before = (size - 1) / 2, after = size - 1 - before;
        (before, after) = transposed ? (after, before) : (before, after);
        float share = node.Float("alpha", 1e-4f) / size;
        var band = g.Constant($"lrn/band_{channels}_{before}_{after}_{share}", () =>
            Tensor.Drawn(new Shape(channels, channels, 1, 1), weights =>
            {
                for (int i = 0; i < weights.Length; i++)
                {
                    int distance = i % channels - i / channels;
                    weights[i] = distance >= -before && distance <= after ? share : 0;
                }
            }));
        return g.Conv(x, band, shift);
    }
}
