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

    /// <summary>
    /// The gradients of batch normalisation by the statistics of the batch. The inputs are those of the operator up to the shift, the
    /// batch's mean and biased variance, and the gradient dY of the output; the outputs are the gradients of the first three. The attribute
    /// is the operator's epsilon.
    /// </summary>
    public const string BatchNormGradient = "BatchNormGradient";
}
