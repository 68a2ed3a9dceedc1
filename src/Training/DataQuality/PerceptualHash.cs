using System.Numerics;
using System.Numerics.Tensors;
using Fovea.Models.Imaging;

namespace Fovea.Training.DataQuality;

// A discrete cosine transform of 32 x 32 grays gives 64 low frequencies; each bit says whether a frequency is over the median of all 64.
// Scaling and compression change few bits. The colours at 16 x 16 then confirm that a pair of images are copies: the correlation of their
// colours is at least 0.97. Cropping changes more bits: for pairs that agree less, CropSearch looks for the part of one image that the
// other shows. The frequencies of a mirror image are the same, with the other sign where the frequency over x is odd.

/// <summary>A fingerprint that is nearly the same for an image and its scaled or compressed copies.</summary>
/// <param name="Bits">One bit for each of 64 low frequencies.</param>
/// <param name="MirroredBits">The same bits of the mirror image.</param>
/// <param name="Colors">The image at 16 x 16 in three channels, shifted to a mean of 0 and scaled to a length of 1.</param>
/// <param name="Pixels">The image at 32 x 32, [3, 32, 32], 0 to 255.</param>
internal sealed record PerceptualHash(ulong Bits, ulong MirroredBits, float[] Colors, byte[] Pixels)
{
    /// <summary>The side of <see cref="Pixels"/>.</summary>
    public const int Side = 32;

    private const int ColorSide = 16, Frequencies = 8, Channels = 3;

    // The least standard deviation of an image's grays, which are 0 to 255. Images with less detail have no frequencies that could tell
    // them apart.
    private const float LeastDeviation = 4;

    // The least shorter side, in pixels. Smaller images, such as digits, are often alike in every frequency.
    private const int LeastSide = 64;

    /// <summary>The most bits in which the fingerprints of copies differ.</summary>
    public const int MostDifferentBits = 12;

    /// <summary>The most bits in which the fingerprints of an image and its cropped copy differ.</summary>
    public const int MostBitsOfCrops = 22;

    private const float LeastCorrelation = 0.97f, LeastCorrelationOfCrops = 0.6f;

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
        byte[] pixels = Planes(rgb);
        var colors = Resizer.Resize(rgb, ColorSide, ColorSide, new(0, 0, ColorSide, ColorSide));
        if (Centre(grays) < LeastDeviation * Side)
        {
            return null;
        }

        var centred = Array.ConvertAll(colors.Values[..(ColorSide * ColorSide * 3)], value => (float)value);
        TensorPrimitives.Divide(centred, Math.Max(Centre(centred), float.Epsilon), centred);
        var frequencies = LowFrequencies(grays);
        float[] mirrored = [.. frequencies.Select((value, i) => i % Frequencies % 2 == 0 ? value : -value)];
        return new(BitsOf(frequencies), BitsOf(mirrored), centred, pixels);
    }

    // Reorders interleaved channels to one plane for each channel.
    private static byte[] Planes(Pixels rgb)
    {
        var planes = new byte[Channels * Side * Side];
        for (int i = 0; i < planes.Length; i++)
        {
            planes[i] = rgb.Values[(i % (Side * Side) * Channels) + (i / (Side * Side))];
        }

        return planes;
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

    /// <summary>
    /// Whether one of two images is a copy of the other one that was mirrored, cropped by up to a tenth at each side, or both.
    /// </summary>
    public static bool AreCutOrMirrored(PerceptualHash a, PerceptualHash b) => IsCut(a, b) || IsCut(a, b.Mirrored());

    private static bool IsCut(PerceptualHash a, PerceptualHash b)
    {
        if (BitOperations.PopCount(a.Bits ^ b.Bits) > MostBitsOfCrops
            || TensorPrimitives.Dot<float>(a.Colors, b.Colors) < LeastCorrelationOfCrops)
        {
            return false;
        }

        float[] first = Array.ConvertAll(a.Pixels, value => (float)value), second = Array.ConvertAll(b.Pixels, value => (float)value);
        return CropSearch.IsPart(first, second) || CropSearch.IsPart(second, first);
    }

    private PerceptualHash Mirrored()
    {
        var colors = (float[])Colors.Clone();
        for (int row = 0; row < colors.Length; row += ColorSide * Channels)
        {
            for (int x = 0; x < ColorSide; x++)
            {
                Colors.AsSpan(row + (x * Channels), Channels).CopyTo(colors.AsSpan(row + ((ColorSide - 1 - x) * Channels)));
            }
        }

        var pixels = (byte[])Pixels.Clone();
        for (int row = 0; row < pixels.Length; row += Side)
        {
            pixels.AsSpan(row, Side).Reverse();
        }

        return new(MirroredBits, Bits, colors, pixels);
    }

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
