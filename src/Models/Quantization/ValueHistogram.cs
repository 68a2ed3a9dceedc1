using System.Numerics.Tensors;
using Fovea.Models.Errors;

namespace Fovea.Models.Quantization;

/// <summary>
/// The distribution of a tensor's values over calibration images, from which its range is found. All images are seen twice: first their
/// lowest and highest values, then their magnitudes in 2,048 bins.
/// </summary>
internal sealed class ValueHistogram
{
    private const int Bins = 2048;

    private const double Share = 0.99999;

    private readonly long[] bins = new long[Bins];
    private double lowest, highest;
    private long zeros;

    /// <summary>The first look at values: widens the range.</summary>
    /// <param name="values">The values for some images.</param>
    /// <exception cref="FoveaException"><see cref="ErrorCode.NonFiniteOutput"/>: a value is not finite.</exception>
    public void Widen(ReadOnlySpan<float> values)
    {
        lowest = Math.Min(lowest, Finite(TensorPrimitives.Min(values)));
        highest = Math.Max(highest, Finite(TensorPrimitives.Max(values)));
    }

    /// <summary>The second look, after all first ones: counts the magnitudes.</summary>
    /// <param name="values">The same values as for <see cref="Widen"/>, in any order.</param>
    public void Count(ReadOnlySpan<float> values)
    {
        float perBin = (float)(Bins / Math.Max(Extent, float.Epsilon));
        foreach (float value in values)
        {
            // Zero has an exact quantised value, so zeros must not outweigh the others; after a ReLU they are most.
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

    /// <summary>The range by a method.</summary>
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

    private double Extent => Math.Max(-lowest, highest);

    private static double Finite(float value) => float.IsFinite(value) ? value : throw new FoveaException(
        ErrorCode.NonFiniteOutput, "The network computes numbers that are not finite for some image; expected finite numbers.");

    // The number of bins from zero on that hold the share of all values.
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

    // The number of bins from zero on whose quantised distribution diverges least from that of all values, the larger of which count as
    // the largest bin that is kept.
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

    // P log(P / Q), P the distribution with the values beyond the kept bins in the last one, and Q the kept bins, each run of which shares
    // one level: the level's values are spread evenly over its bins that are not empty.
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
