namespace Fovea.Models;

/// <summary>
/// The weights of a triangle filter along one axis, in fixed point: output pixel i is the weighted sum of <see cref="Taps"/> input pixels
/// from <see cref="First"/>[i] on. The filter widens with the factor of reduction, so nothing between two samples is lost (antialiasing).
/// </summary>
internal sealed class Resampler
{
    /// <summary>Bits behind the point: 8 for the pixel, 2 against overflow, and the rest of 32.</summary>
    public const int Bits = 32 - 8 - 2;

    /// <summary>Half of the last bit, which makes the shift round.</summary>
    public const int Half = 1 << (Bits - 1);

    /// <summary>Weights an output pixel has room for; those it does not need are 0.</summary>
    public int Taps { get; }

    /// <summary>For each output pixel of the window, the first input pixel that counts.</summary>
    public int[] First { get; }

    /// <summary>For each output pixel of the window, how many input pixels count.</summary>
    public int[] Count { get; }

    /// <summary>Taps weights for each output pixel of the window; they add up to 1 &lt;&lt; Bits.</summary>
    public int[] Weights { get; }

    /// <summary>Computes the weights for a window of the output.</summary>
    /// <param name="from">Input pixels along the axis.</param>
    /// <param name="to">Output pixels along the axis.</param>
    /// <param name="start">The window's first output pixel.</param>
    /// <param name="length">The window's output pixels.</param>
    public Resampler(int from, int to, int start, int length)
    {
        double scale = (double)from / to, support = Math.Max(scale, 1);
        Taps = ((int)Math.Ceiling(support) * 2) + 1;
        First = new int[length];
        Count = new int[length];
        Weights = new int[length * Taps];
        Span<double> exact = Taps <= 256 ? stackalloc double[Taps] : new double[Taps];
        for (int i = 0; i < length; i++)
        {
            // Pixel centres lie at halves: (i + 1/2) scale is where output pixel i stands in the input.
            double centre = (start + i + 0.5) * scale, sum = 0;
            int first = Math.Max((int)(centre - support + 0.5), 0);
            int count = Math.Min((int)(centre + support + 0.5), from) - first;
            for (int k = 0; k < count; k++)
            {
                sum += exact[k] = Math.Max(0, 1 - Math.Abs((first + k - centre + 0.5) / support));
            }

            (First[i], Count[i]) = (first, count);
            for (int k = 0; k < count; k++)
            {
                Weights[(i * Taps) + k] = (int)((exact[k] / sum * (1 << Bits)) + 0.5);
            }
        }
    }
}
