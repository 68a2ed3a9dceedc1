using System.Numerics.Tensors;
using Fovea.Models;

namespace Fovea.Training;

/// <summary>
/// MixUp (Zhang, Cisse, Dauphin and Lopez-Paz, 2018): each row of a batch becomes share x itself + (1 - share) x the row as far from the batch's end
/// as it is from its start.
/// </summary>
internal static class MixUp
{
    /// <summary>Draws a batch's share from Beta(alpha, alpha) by Jöhnk's method, for an alpha of at most 1; 0 gives 1, which mixes nothing.</summary>
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

    /// <summary>Mixes rows of <paramref name="length"/> numbers in place.</summary>
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
