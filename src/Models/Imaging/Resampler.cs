
namespace Fovea.Models.Imaging;

// Output pixel i is centred at c = (i + 1/2) s in the input, s = from / to. Input pixel j has the weight f((j + 1/2 - c) / max(s, 1)) of a
// filter f, normalised to a sum of 1. When the image is reduced (s > 1), the filter is wider, so every input pixel has an effect
// (antialiasing). With the filter "nearest", only the input pixel that contains c has a weight. Pillow computes the same weights with the
// same rounding.

/// <summary>The weights of resizing along one axis, in fixed-point arithmetic.</summary>
internal sealed class Resampler
{
    /// <summary>The number of fractional bits: 32 bits less 8 bits for the pixel's value and 2 bits against overflow.</summary>
    public const int Bits = 32 - 8 - 2;

    /// <summary>
    /// One half in fixed-point arithmetic. It is added before the shift by <see cref="Bits"/>, so that the shift rounds to the nearest.
    /// </summary>
    public const int Half = 1 << (Bits - 1);

    /// <summary>
    /// The number of weights in <see cref="Weights"/> per output pixel; unused weights are 0. A multiple of four, except for nearest.
    /// </summary>
    public int Taps { get; }

    /// <summary>The first input pixel with a weight, for each output pixel of the window.</summary>
    public int[] First { get; }

    /// <summary>The number of input pixels with a weight, for each output pixel of the window.</summary>
    public int[] Count { get; }

    /// <summary><see cref="Taps"/> weights for each output pixel of the window. Their sum is 1 &lt;&lt; Bits, up to rounding.</summary>
    public int[] Weights { get; }

    /// <summary>Computes the weights for a window of the output.</summary>
    /// <param name="interpolation">The filter.</param>
    /// <param name="from">The number of input pixels along the axis.</param>
    /// <param name="to">The number of output pixels along the axis.</param>
    /// <param name="start">The first output pixel of the window.</param>
    /// <param name="length">The number of output pixels in the window.</param>
    public Resampler(Interpolation interpolation, int from, int to, int start, int length)
    {
        bool isNearest = interpolation == Interpolation.Nearest;
        double scale = (double)from / to, stretch = Math.Max(scale, 1);
        double support = Reach(interpolation, scale);
        Taps = isNearest ? 1 : (((int)Math.Ceiling(support) * 2) + 4) / 4 * 4;
        First = new int[length];
        Count = new int[length];
        Weights = new int[length * Taps];
        Span<double> exact = Taps <= 256 ? stackalloc double[Taps] : new double[Taps];
        for (int i = 0; i < length; i++)
        {
            double centre = (start + i + 0.5) * scale, sum = 0;
            int first = isNearest ? Math.Min((int)centre, from - 1) : Math.Max((int)(centre - support + 0.5), 0);
            int count = isNearest ? 1 : Math.Min((int)(centre + support + 0.5), from) - first;
            for (int k = 0; k < count; k++)
            {
                sum += exact[k] = Weight(interpolation, Math.Abs(first + k - centre + 0.5) / stretch);
            }

            (First[i], Count[i]) = (first, count);
            for (int k = 0; k < count; k++)
            {
                double weight = exact[k] / sum * (1 << Bits);
                Weights[(i * Taps) + k] = (int)(weight < 0 ? weight - 0.5 : weight + 0.5);
            }
        }
    }

    /// <summary>The first input pixel that a window of the output reads, and the number of input pixels from it on.</summary>
    /// <inheritdoc cref="Resampler(Interpolation, int, int, int, int)"/>
    public static (int First, int Count) Support(Interpolation interpolation, int from, int to, int start, int length)
    {
        if (from == to)
        {
            return (start, length);
        }

        double scale = (double)from / to, reach = Reach(interpolation, scale) + 1;
        int first = (int)Math.Max(0, ((start + 0.5) * scale) - reach);
        return (first, (int)Math.Min(from, Math.Ceiling(((start + length - 0.5) * scale) + reach)) - first);
    }

    // The distance from its centre, in input pixels, up to which the filter has weights.
    private static double Reach(Interpolation interpolation, double scale) =>
        Math.Max(scale, 1) * interpolation switch { Interpolation.Bicubic => 2, Interpolation.Lanczos => 3, _ => 1 };

    // The filter's value at a distance x from its centre. x is measured in pixels of the image with the larger pixels.
    private static double Weight(Interpolation interpolation, double x) => interpolation switch
    {
        Interpolation.Bicubic => x < 1 ? (((1.5 * x) - 2.5) * x * x) + 1 : x < 2 ? (((((x - 5) * x) + 8) * x) - 4) * -0.5 : 0,
        Interpolation.Lanczos => x < 3 ? Sinc(x) * Sinc(x / 3) : 0,
        Interpolation.Nearest => 1,
        _ => Math.Max(0, 1 - x),
    };

    private static double Sinc(double x) => x == 0 ? 1 : Math.Sin(x * Math.PI) / (x * Math.PI);
}
