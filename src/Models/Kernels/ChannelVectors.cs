using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Fovea.Models.Kernels;

/// <summary>
/// Passes over one channel of one image, for batch normalisation. Sums of floats round in one direction while they grow, as long as the
/// terms are alike. Numbers are therefore summed as doubles, and terms that are computed from them as floats only in short parts.
/// </summary>
internal static unsafe class ChannelVectors
{
    // The number of terms that are summed as floats; the sums of these parts are added as doubles.
    private const int Part = 1024;

    // A property, because a static field would be read in each turn of a loop: the methods are compiled before its value is known.
    private static int Width => Vector256<float>.Count;

    /// <summary>
    /// The sum of numbers, exact but for the rounding of doubles. An error of the mean is multiplied by up to 1 / sqrt(epsilon).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double Sum(float* x, int count)
    {
        Vector256<double> a = default, b = default, c = default, d = default;
        int i = 0;
        for (; i + (2 * Width) <= count; i += 2 * Width)
        {
            Vector256<float> first = Vector256.Load(x + i), next = Vector256.Load(x + i + Width);
            a += Vector256.WidenLower(first);
            b += Vector256.WidenUpper(first);
            c += Vector256.WidenLower(next);
            d += Vector256.WidenUpper(next);
        }

        double sum = Vector256.Sum((a + b) + (c + d));
        for (; i < count; i++)
        {
            sum += x[i];
        }

        return sum;
    }

    /// <summary>The sum of squared differences to a number.</summary>
    public static double SquaredDeviations(float* x, int count, float mean)
    {
        double sum = 0;
        for (int first = 0; first < count; first += Part)
        {
            sum += PartOfSquaredDeviations(x + first, Math.Min(Part, count - first), mean);
        }

        return sum;
    }

    /// <summary>y = (x - mean) scale + shift + addend, but at least the channel's least number.</summary>
    /// <param name="x">The numbers to normalise.</param>
    /// <param name="addend">The numbers to add; null for none.</param>
    /// <param name="y">Receives the results.</param>
    /// <param name="count">The number of numbers.</param>
    /// <param name="channel">The channel.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Normalize(float* x, float* addend, float* y, int count, in NormalizedChannel channel)
    {
        Vector256<float> means = Vector256.Create(channel.Mean), scales = Vector256.Create(channel.Scale);
        Vector256<float> shifts = Vector256.Create(channel.Shift), least = Vector256.Create(channel.Least);
        int i = 0;
        for (; i + Width <= count; i += Width)
        {
            var value = Vector256.FusedMultiplyAdd(Vector256.Load(x + i) - means, scales, shifts);
            value = addend is null ? value : value + Vector256.Load(addend + i);

            // This keeps NaN, by which a run notices that training diverged.
            Vector256.ConditionalSelect(Vector256.LessThan(value, least), least, value).Store(y + i);
        }

        for (; i < count; i++)
        {
            float value = MathF.FusedMultiplyAdd(x[i] - channel.Mean, channel.Scale, channel.Shift) + (addend is null ? 0 : addend[i]);
            y[i] = value < channel.Least ? channel.Least : value;
        }
    }

    /// <summary>The sums of dY and of dY (x - mean).</summary>
    /// <param name="dY">The gradient.</param>
    /// <param name="x">The numbers that were normalised.</param>
    /// <param name="count">The number of numbers.</param>
    /// <param name="channel">The channel; with a ReLU, numbers that it does not pass have no gradient.</param>
    public static (double Sum, double Product) GradientSums(float* dY, float* x, int count, in NormalizedChannel channel)
    {
        double sum = 0, product = 0;
        for (int first = 0; first < count; first += Part)
        {
            var (sumOfPart, productOfPart) = PartOfGradientSums(dY + first, x + first, Math.Min(Part, count - first), channel);
            sum += sumOfPart;
            product += productOfPart;
        }

        return (sum, product);
    }

    /// <summary>dX = a dY + b (x - mean) + c.</summary>
    /// <param name="dY">The gradient.</param>
    /// <param name="x">The numbers that were normalised.</param>
    /// <param name="dX">Receives the gradient of <paramref name="x"/>.</param>
    /// <param name="count">The number of numbers.</param>
    /// <param name="channel">The channel; with a ReLU, numbers that it does not pass have no gradient dY.</param>
    /// <param name="b">The factor of x - mean. The factor a is the channel's scale.</param>
    /// <param name="c">The addend.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Gradient(float* dY, float* x, float* dX, int count, in NormalizedChannel channel, float b, float c)
    {
        Vector256<float> means = Vector256.Create(channel.Mean), scales = Vector256.Create(channel.Scale);
        Vector256<float> shifts = Vector256.Create(channel.Shift), least = Vector256.Create(channel.Least);
        Vector256<float> bs = Vector256.Create(b), cs = Vector256.Create(c);
        int i = 0;
        for (; i + Width <= count; i += Width)
        {
            var deviation = Vector256.Load(x + i) - means;
            var gradient = Passed(Vector256.Load(dY + i), deviation, scales, shifts, least);
            Vector256.FusedMultiplyAdd(gradient, scales, Vector256.FusedMultiplyAdd(deviation, bs, cs)).Store(dX + i);
        }

        for (; i < count; i++)
        {
            float deviation = x[i] - channel.Mean;
            dX[i] = MathF.FusedMultiplyAdd(Passed(dY[i], deviation, channel), channel.Scale, MathF.FusedMultiplyAdd(deviation, b, c));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double PartOfSquaredDeviations(float* x, int count, float mean)
    {
        Vector256<float> a = default, b = default, c = default, d = default, means = Vector256.Create(mean);
        int i = 0;
        for (; i + (4 * Width) <= count; i += 4 * Width)
        {
            a = Squared(x + i, means, a);
            b = Squared(x + i + Width, means, b);
            c = Squared(x + i + (2 * Width), means, c);
            d = Squared(x + i + (3 * Width), means, d);
        }

        for (; i + Width <= count; i += Width)
        {
            a = Squared(x + i, means, a);
        }

        double sum = Vector256.Sum((a + b) + (c + d));
        for (; i < count; i++)
        {
            sum += (x[i] - mean) * (x[i] - mean);
        }

        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static (double Sum, double Product) PartOfGradientSums(float* dY, float* x, int count, in NormalizedChannel channel)
    {
        Vector256<float> a = default, b = default, c = default, d = default;
        Vector256<float> means = Vector256.Create(channel.Mean), scales = Vector256.Create(channel.Scale);
        Vector256<float> shifts = Vector256.Create(channel.Shift), least = Vector256.Create(channel.Least);
        int i = 0;
        for (; i + (2 * Width) <= count; i += 2 * Width)
        {
            Vector256<float> deviation = Vector256.Load(x + i) - means, next = Vector256.Load(x + i + Width) - means;
            var gradient = Passed(Vector256.Load(dY + i), deviation, scales, shifts, least);
            var nextGradient = Passed(Vector256.Load(dY + i + Width), next, scales, shifts, least);
            a += gradient;
            b = Vector256.FusedMultiplyAdd(gradient, deviation, b);
            c += nextGradient;
            d = Vector256.FusedMultiplyAdd(nextGradient, next, d);
        }

        double sum = Vector256.Sum(a + c), product = Vector256.Sum(b + d);
        for (; i < count; i++)
        {
            float deviation = x[i] - channel.Mean, gradient = Passed(dY[i], deviation, channel);
            sum += gradient;
            product += (double)gradient * deviation;
        }

        return (sum, product);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Squared(float* x, Vector256<float> mean, Vector256<float> sum)
    {
        var deviation = Vector256.Load(x) - mean;
        return Vector256.FusedMultiplyAdd(deviation, deviation, sum);
    }

    // Passes the gradient where the normalised number, computed as Normalize does, is greater than `least`; 0 elsewhere.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Passed(
        Vector256<float> dY, Vector256<float> deviation, Vector256<float> scale, Vector256<float> shift, Vector256<float> least) =>
        dY & Vector256.GreaterThan(Vector256.FusedMultiplyAdd(deviation, scale, shift), least);

    private static float Passed(float dY, float deviation, in NormalizedChannel channel) =>
        MathF.FusedMultiplyAdd(deviation, channel.Scale, channel.Shift) > channel.Least ? dY : 0;
}
