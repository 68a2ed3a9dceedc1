namespace Fovea.Models;

/// <summary>
/// Local response normalisation, y = x / (k + alpha / size * (the sum of x^2 over size neighbouring channels))^beta, from operators that are
/// vectorised in ONNX Runtime, as LRN is not.
/// </summary>
internal static class ResponseNormalization
{
    /// <summary>Whether a node is one, of images whose channels are known.</summary>
    public static bool Suits(Node node) => node is { Op: "LRN", Domain: "" } && node[0] is { Type: ElementType.Float, Shape: { Rank: 4 } x } && x[1] > 0;

    /// <summary>A node's output in this form.</summary>
    /// <param name="g">The graph that is added to.</param>
    /// <param name="node">The normalisation.</param>
    /// <param name="x">What stands for its input there.</param>
    public static Value Form(Graph g, Node node, Value x)
    {
        int channels = x.Shape[1], size = (int)node.Int("size"), before = (size - 1) / 2;
        float share = node.Float("alpha", 1e-4f) / size, bias = node.Float("bias", 1), beta = node.Float("beta", 0.75f);

        // The sum over neighbours is a convolution by a banded matrix: for a few hundred channels it costs less than memory that is walked once for each neighbour.
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

        // Roots are vectorised, and powers are not.
        var root = g.Sqrt(s);
        return x / (root * g.Sqrt(root));
    }
}
