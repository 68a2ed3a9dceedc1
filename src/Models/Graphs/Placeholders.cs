namespace Fovea.Models.Graphs;

/// <summary>
/// Operators that some gradient rules emit and ONNX Runtime does not know. Rewrites must replace them before a graph is run: the fastest
/// form depends on shapes and device.
/// </summary>
internal static class Placeholders
{
    /// <summary>Their operator set.</summary>
    public const string Domain = "fovea";

    /// <summary>
    /// The gradient of a convolution's weights. The inputs are the convolution's input X and the gradient dY of its output; the attributes
    /// are the convolution's.
    /// </summary>
    public const string ConvWeightGradient = "ConvWeightGradient";
}
