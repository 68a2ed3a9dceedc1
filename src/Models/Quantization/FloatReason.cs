namespace Fovea.Models.Quantization;

/// <summary>The reason for which an operator of a 16-bit network computes with 32-bit floats.</summary>
internal enum FloatReason
{
    /// <summary>The operator sums many numbers, has unknown types, or has 32-bit settings; see <c>NeedsFullPrecision</c>.</summary>
    Operator,

    /// <summary>The operator computes the network's output, or follows the features by which outliers are recognised.</summary>
    Output,

    /// <summary>A tensor of the operator reaches more than a quarter of 65504 for a calibration image, so it might overflow.</summary>
    LargeValues,

    /// <summary>All values of a tensor of the operator are below 2^-13, so that most of their bits would be lost.</summary>
    SmallValues,

    /// <summary>A weight is larger than 65504, or the weights are so small that most of their bits would be lost.</summary>
    Weights,
}
