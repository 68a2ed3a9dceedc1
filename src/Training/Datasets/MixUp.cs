using System.Numerics.Tensors;
using Fovea.Models.Layers;

namespace Fovea.Training.Datasets;

/// <summary>
/// MixUp (Zhang, Cisse, Dauphin and Lopez-Paz, 2018) blends pairs of images and their targets: with N rows in a batch, row i becomes
/// share row i + (1 - share) row N - 1 - i.
/// </summary>
internal static class MixUp
{
    /// <summary>Draws a batch's share from Beta(alpha, alpha) by Jöhnk's method.</summary>
    /// <param name="alpha">
    /// The parameter of the distribution, 0 to 1. 0 gives the share 1, which mixes nothing, and draws no number.
    /// </param>
    /// <param name="random">The source of the share.</param>
    public static float Share(double alpha, ref SeededRandom random)
    {
        while (alpha > 0)
        {
            double x = Math.Pow(random.NextDouble(), 1 / alpha), y = Math.Pow(random.NextDouble(), 1 / alpha);
            if (x + y is > 0 and <= 1)
            {
                return (float)(x / (x + y));
            }
        }

        return 1;
    }

    /// <summary>Mixes rows in place.</summary>
    /// <param name="rows">The batch, [N, <paramref name="length"/>].</param>
    /// <param name="length">The number of elements in a row.</param>
    /// <param name="share">The weight of a row in its own mixture, 0 to 1; 1 changes nothing.</param>
    public static void Mix(Span<float> rows, int length, float share)
    {
        if (share == 1)
        {
            return;
        }

        var before = new float[length];
        for (int first = 0, last = rows.Length - length; first < last; first += length, last -= length)
        {
            Span<float> a = rows.Slice(first, length), b = rows.Slice(last, length);
            a.CopyTo(before);
            TensorPrimitives.Lerp(b, a, share, a);
            TensorPrimitives.Lerp(before, b, share, b);
        }
    }
}
