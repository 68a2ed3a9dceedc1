namespace Fovea.Models.Quantization;

/// <summary>
/// The range of a tensor, which 256 quantised values q from 0 to 255 cover in equal steps: x is about (q - <see cref="ZeroPoint"/>)
/// <see cref="Scale"/>. Numbers outside the range become the nearer end of the range.
/// </summary>
public readonly record struct ValueRange
{
    private const int Steps = 255;

    // With a smaller width, products of scales would be too small for normal 32-bit floats.
    private const double SmallestWidth = 1e-10;

    /// <summary>
    /// Creates a range and extends it to include 0. The number 0 needs an exact quantised value, because padding and ReLU produce it.
    /// </summary>
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

        // ONNX Runtime drops a Clip before a quantised tensor only if the tensor's range is within the Clip's range, so rounding must not
        // make the range larger.
        if (Steps * Scale > highest - lowest)
        {
            Scale = MathF.BitDecrement(Scale);
        }
    }

    /// <summary>The difference of the numbers that neighbouring quantised values mean, above 0.</summary>
    public float Scale { get; }

    /// <summary>The quantised value that means 0.</summary>
    public byte ZeroPoint { get; }
}
