namespace Fovea.Models.Quantization;

/// <summary>
/// The range of a tensor that its 256 quantised values cover, evenly: x is about (q - <see cref="ZeroPoint"/>) <see cref="Scale"/>, q 0 to
/// 255. Numbers outside of the range become its nearer end.
/// </summary>
public readonly record struct ValueRange
{
    private const int Steps = 255;

    // Below this, products of scales leave the normal numbers of 32-bit floats.
    private const double SmallestWidth = 1e-10;

    /// <summary>A range, widened to include 0, which must have an exact value: padding, and the lower end of a ReLU.</summary>
    /// <param name="lowest">The lowest number.</param>
    /// <param name="highest">The highest number, at least <paramref name="lowest"/>.</param>
    /// <exception cref="ArgumentException">An end is not finite.</exception>
    public ValueRange(double lowest, double highest)
    {
        if (!double.IsFinite(lowest) || !double.IsFinite(highest))
        {
            throw new ArgumentException($"The range is {lowest} to {highest}; expected finite numbers.");
        }

        (lowest, highest) = (Math.Min(lowest, 0), Math.Max(highest, 0));
        highest = Math.Max(highest, lowest + SmallestWidth);
        Scale = (float)((highest - lowest) / Steps);
        ZeroPoint = (byte)Math.Clamp(Math.Round(-lowest / Scale), 0, Steps);

        // ONNX Runtime drops a Clip before a quantised tensor only if the tensor's range is within the Clip's, so rounding must not exceed
        // it.
        if (Steps * Scale > highest - lowest)
        {
            Scale = MathF.BitDecrement(Scale);
        }
    }

    /// <summary>The distance between neighbouring values, above 0.</summary>
    public float Scale { get; }

    /// <summary>The quantised value that means 0.</summary>
    public byte ZeroPoint { get; }
}
