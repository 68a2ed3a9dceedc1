namespace Fovea.Models.Quantization;

/// <summary>The method that finds the range of a tensor from the tensor's values for calibration images.</summary>
public enum CalibrationMethod
{
    /// <summary>
    /// The range from the lowest to the highest value. No value is cut off, but rare large values make the quantisation steps coarse.
    /// </summary>
    MinMax,

    /// <summary>
    /// The range whose quantised values have the distribution nearest to the distribution of the floats, by the Kullback-Leibler divergence
    /// (Migacz, "8-bit Inference with TensorRT", 2017). Values outside the range are cut off.
    /// </summary>
    Entropy,

    /// <summary>The range that contains 99.999 % of all values. Values outside the range are cut off.</summary>
    Percentile,
}
