using System.Numerics.Tensors;
using Fovea.Models.Errors;

namespace Fovea.Models.Quantization;

/// <summary>
/// The distribution of a tensor's values over the calibration images, from which the tensor's range is found. All values are passed twice:
/// first to find the lowest and highest value, and then to count their magnitudes in 2,048 bins.
/// </summary>
internal sealed class ValueHistogram
{
    private const int Bins = 2048;

    private const double Share = 0.99999;

    private readonly long[] bins = new long[Bins];
    private double lowest, highest;
    private long zeros;

    /// <summary>The largest magnitude of the values.</summary>
    public double Extent => Math.Max(-lowest, highest);

    /// <summary>First pass: extends the lowest and highest value so far.</summary>
    /// <param name="values">The tensor's values for some images.</param>
    /// <exception cref="FoveaException"><see cref="ErrorCode.NonFiniteOutput"/>: a value is not finite.</exception>
    public void Widen(ReadOnlySpan<float> values)
    {
        lowest = Math.Min(lowest, Finite(TensorPrimitives.Min(values)));
        highest = Math.Max(highest, Finite(TensorPrimitives.Max(values)));
    }

    /// <summary>Second pass, after <see cref="Widen"/> got all values: counts the magnitudes.</summary>
    /// <param name="values">The same values as for <see cref="Widen"/>, in any order.</param>
    public void Count(ReadOnlySpan<float> values)
    {
        float perBin = (float)(Bins / Math.Max(Extent, float.Epsilon));
        foreach (float value in values)
        {
            // Zeros are counted separately: 0 has an exact quantised value, and after a ReLU most values are 0, which would outweigh the
            // others.
            if (value == 0)
            {
                zeros++;
            }
            else
            {
                bins[Math.Min((int)(Math.Abs(value) * perBin), Bins - 1)]++;
            }
        }
    }

    /// <summary>Finds the range by one of the methods.</summary>
    public ValueRange Range(CalibrationMethod method)
    {
        double limit = method switch
        {
            CalibrationMethod.Entropy => LeastDivergent(lowest < 0 ? 128 : 256) * Extent / Bins,
            CalibrationMethod.Percentile => Inside() * Extent / Bins,
            _ => Extent,
        };
        return new(Math.Max(lowest, -limit), Math.Min(highest, limit));
    }

    private static double Finite(float value) => float.IsFinite(value) ? value : throw new FoveaException(
        ErrorCode.NonFiniteOutput, "The network computes NaN or infinity for a calibration image; expected finite numbers.");

    // The number of bins, counted from 0, that together with the zeros contain 99.999 % of all values.
    private int Inside()
    {
        long all = zeros + bins.Sum(), inside = zeros;
        for (int count = 0; count < Bins; count++)
        {
            if (inside >= Share * all)
            {
                return Math.Max(count, 1);
            }

            inside += bins[count];
        }

        return Bins;
    }

    // The number of bins, counted from 0, for which the quantised distribution diverges least from the distribution of all values. Values
    // beyond these bins are counted in the last bin.
    private int LeastDivergent(int levels)
    {
        const int Step = 8;
        if (bins.Sum() == 0)
        {
            return Bins;
        }

        return Enumerable.Range(0, ((Bins - levels) / Step) + 1).Select(i => levels + (i * Step))
            .MinBy(kept => Divergence(bins.AsSpan(0, kept), bins.AsSpan(kept), levels));
    }

    // The Kullback-Leibler divergence, the sum of P log(P / Q). P is the distribution over the kept bins, with the values beyond them in
    // the last bin. Q is the quantised distribution: neighbouring bins share one quantised level, whose count is spread evenly over those
    // of its bins that are not empty.
    private static double Divergence(ReadOnlySpan<long> kept, ReadOnlySpan<long> beyond, int levels)
    {
        long outside = 0;
        foreach (long count in beyond)
        {
            outside += count;
        }

        double inside = 0, sum = 0;
        foreach (long count in kept)
        {
            inside += count;
        }

        double all = inside + outside;
        if (inside == 0)
        {
            return double.MaxValue;
        }

        for (int level = 0; level < levels; level++)
        {
            int first = (int)((long)level * kept.Length / levels), end = (int)((long)(level + 1) * kept.Length / levels);
            double count = 0;
            int filled = 0;
            for (int bin = first; bin < end; bin++)
            {
                count += kept[bin];
                filled += kept[bin] > 0 ? 1 : 0;
            }

            for (int bin = first; bin < end; bin++)
            {
                double p = (kept[bin] + (bin == kept.Length - 1 ? outside : 0)) / all;
                double q = kept[bin] > 0 ? count / filled / inside : 1e-9;
                sum += p > 0 ? p * Math.Log(p / q) : 0;
            }
        }

        return sum;
    }
}
