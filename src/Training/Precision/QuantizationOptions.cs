using Fovea.Models.Metadata;
using Fovea.Models.Quantization;

namespace Fovea.Training.Precision;

/// <summary>The settings of a quantisation.</summary>
internal sealed record QuantizationOptions
{
    /// <summary>
    /// The largest number of calibration images, and of images by which the method and the float layers are chosen; 1 to 100000. Default
    /// 300.
    /// </summary>
    public int Images { get; init; } = 300;

    /// <summary>
    /// The largest drop in accuracy, in percentage points; <c>null</c>: 0.5 points of accuracy, or 5 points of agreement with the float
    /// network if classes are not known.
    /// </summary>
    public double? MaxDrop { get; init; }

    /// <summary>The longest time of the search for layers that cost accuracy. Default: five minutes.</summary>
    public TimeSpan SearchTime { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The numbers with which the network computes. Default: 8-bit integers.</summary>
    public QuantizedNumbers Numbers { get; init; } = QuantizedNumbers.Int8;

    /// <summary>
    /// The bits of the weights of 8-bit integers, 7 or 8. Default: the most bits with which this processor computes correctly.
    /// </summary>
    public int WeightBits { get; init; } = IntegerProducts.WeightBits;

    /// <summary>The seed by which images are chosen. Default 1.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>Returns the largest drop as a share, 0 to 1.</summary>
    /// <param name="hasClasses">Whether the classes of the images are known.</param>
    public double LargestDrop(bool hasClasses) => (MaxDrop ?? (hasClasses ? 0.5 : 5)) / 100;
}
