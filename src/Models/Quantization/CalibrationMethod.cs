namespace Fovea.Models.Quantization;

/// <summary>How the range of a tensor is found from its values for some images.</summary>
public enum CalibrationMethod
{
    /// <summary>From the lowest to the highest value: nothing is cut off, and rare large values make the steps coarse.</summary>
    MinMax,

    /// <summary>
    /// Cut off where the distribution of the quantised values diverges least from that of the floats, by Kullback and Leibler's measure
    /// (Migacz, "8-bit Inference with TensorRT", 2017).
    /// </summary>
    Entropy,

    /// <summary>Cut off so that 99.999 % of all values are inside.</summary>
    Percentile,
}
