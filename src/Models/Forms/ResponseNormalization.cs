namespace Fovea.Models;

// Y[N, C, H, W] = X / S^beta, S = k + alpha / size (the sum of X^2 over size neighbouring channels).
// S = Conv(X^2, B) + k, 1x1, with the banded matrix B[C, C]: alpha / size within the band, 0 outside.
// For beta = 3/4, S^beta = sqrt(S) sqrt(sqrt(S)).

/// <summary>
/// Rewrites local response normalisation by operators that ONNX Runtime computes with vector instructions. Its implementation of LRN is not
/// vectorised.
/// </summary>
internal static class ResponseNormalization
{
    /// <summary>Whether a node is an LRN of images with a known number of channels.</summary>
    public static bool Suits(Node node) =>
        node is { Op: "LRN", Domain: "" } && node[0] is { Type: ElementType.Float, Shape: { Rank: 4 } x } && x[1] > 0;

    /// <summary>Adds the rewritten normalisation to a graph and returns its output.</summary>
    /// <param name="g">The graph that the operators are added to.</param>
    /// <param name="node">The LRN node, in its original graph.</param>
    /// <param name="x">The value of <paramref name="g"/> that replaces the node's input.</param>
    public static Value Rewrite(Graph g, Node node, Value x)
    {
        int channels = x.Shape[1], size = (int)node.Int("size"), before = (size - 1) / 2;
        float share = node.Float("alpha", 1e-4f) / size, bias = node.Float("bias", 1), beta = node.Float("beta", 0.75f);

        // A matrix product with many zeros reads the images once. A sum of shifted copies would read them once per neighbour, which takes
        // longer for up to a few hundred channels.
        var band = Tensor.Drawn(new Shape(channels, channels, 1, 1), weights =>
        {
            for (int i = 0; i < weights.Length; i++)
            {
                int distance = (i % channels) - (i / channels);
                weights[i] = distance >= -before && distance < size - before ? share : 0;
            }
        });
        var s = g.Conv(x * x, g.Constant(band), g.Constant(Tensor.Drawn(new Shape(channels), biases => biases.Fill(bias))));
        if (beta != 0.75f)
        {
            return x / g.Pow(s, beta);
        }

        // ONNX Runtime computes Sqrt with vector instructions, and Pow without.
        var root = g.Sqrt(s);
        return x / (root * g.Sqrt(root));
    }
}
