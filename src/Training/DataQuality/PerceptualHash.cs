using System.Numerics;
using System.Numerics.Tensors;
using Fovea.Models.Imaging;

namespace Fovea.Training.DataQuality;

// A discrete cosine transform of 32 x 32 grays gives 64 low frequencies; each bit says whether a frequency is over the median of all 64.
// Scaling and compression change few bits. The colours at 16 x 16 then confirm that a pair of images are copies: the correlation of their
// colours is at least 0.97.

/// <summary>A fingerprint that is nearly the same for an image and its scaled or compressed copies.</summary>
/// <param name="Bits">One bit for each of 64 low frequencies.</param>
/// <param name="Colors">The image at 16 x 16 in three channels, shifted to a mean of 0 and scaled to a length of 1.</param>
internal sealed record PerceptualHash(ulong Bits, float[] Colors)
{
    private const int Side = 32, ColorSide = 16, Frequencies = 8;

    // The least standard deviation of an image's grays, which are 0 to 255. Images with less detail have no frequencies that could tell
    // them apart.
    private const float LeastDeviation = 4;

    // The least shorter side, in pixels. Smaller images, such as digits, are often alike in every frequency.
    private const int LeastSide = 64;

    /// <summary>The most bits in which the fingerprints of copies differ.</summary>
    public const int MostDifferentBits = 12;

    private const float LeastCorrelation = 0.97f;

    private static readonly float[][] Cosines = [.. Enumerable.Range(0, Frequencies).Select(k =>
        Enumerable.Range(0, Side).Select(x => MathF.Cos(MathF.PI * k * (x + 0.5f) / Side)).ToArray())];

    /// <summary>Returns the fingerprint of an image; null for an image under 64 pixels or without detail.</summary>
    public static PerceptualHash? Of(Pixels image)
    {
        if (Math.Min(image.Width, image.Height) < LeastSide)
        {
            return null;
        }

        var small = Resizer.Resize(image, Side, Side, new(0, 0, Side, Side));
        var grays = Array.ConvertAll(Models.Imaging.Colors.Gray(small).Values[..(Side * Side)], value => (float)value);
        var rgb = Models.Imaging.Colors.Ordered(small, ColorOrder.Rgb);
        var colors = Resizer.Resize(rgb, ColorSide, ColorSide, new(0, 0, ColorSide, ColorSide));
        if (Centre(grays) < LeastDeviation * Side)
        {
            return null;
        }

        var centred = Array.ConvertAll(colors.Values[..(ColorSide * ColorSide * 3)], value => (float)value);
        TensorPrimitives.Divide(centred, Math.Max(Centre(centred), float.Epsilon), centred);
        return new(BitsOf(LowFrequencies(grays)), centred);
    }

    // Shifts the values to a mean of 0, and returns their Euclidean norm.
    private static float Centre(float[] values)
    {
        TensorPrimitives.Subtract(values, TensorPrimitives.Sum<float>(values) / values.Length, values);
        return TensorPrimitives.Norm<float>(values);
    }

    /// <summary>Whether two fingerprints belong to copies of one image.</summary>
    public static bool AreCopies(PerceptualHash a, PerceptualHash b) =>
        BitOperations.PopCount(a.Bits ^ b.Bits) <= MostDifferentBits
        && TensorPrimitives.Dot<float>(a.Colors, b.Colors) >= LeastCorrelation;

    private static float[] LowFrequencies(float[] grays)
    {
        var found = new float[Frequencies * Frequencies];
        var column = new float[Side];
        for (int k = 0; k < Frequencies; k++)
        {
            // Transform each row over x, and then the results over y.
            for (int y = 0; y < Side; y++)
            {
                column[y] = TensorPrimitives.Dot(grays.AsSpan(y * Side, Side), Cosines[k]);
            }

            for (int j = 0; j < Frequencies; j++)
            {
                found[(j * Frequencies) + k] = TensorPrimitives.Dot<float>(column, Cosines[j]);
            }
        }

        return found;
    }

    private static ulong BitsOf(float[] frequencies)
    {
        float median = frequencies.Order().ElementAt(frequencies.Length / 2);
        ulong bits = 0;
        foreach (var (i, frequency) in frequencies.Index())
        {
            bits |= frequency > median ? 1UL << i : 0;
        }

        return bits;
    }
}
