namespace Fovea.Models.Graphs;

/// <summary>
/// The names of operators that gradient rules emit but ONNX Runtime does not implement. Rewrites replace each one by the form that is
/// fastest for its shapes and device, before a graph runs.
/// </summary>
internal static class Placeholders
{
    /// <summary>The domain of the operator set of these operators.</summary>
    public const string Domain = "fovea";

    /// <summary>
    /// The gradient of a convolution's weights. The inputs are the convolution's input X and the gradient dY of its output. The attributes
    /// are the same as the convolution's.
    /// </summary>
    public const string ConvWeightGradient = "ConvWeightGradient";
}
