using System.Numerics.Tensors;

namespace Fovea.Models;

/// <summary>How much ink stands where in a region of a gray image, seen at a size at which strokes can be told from the ground.</summary>
internal sealed class InkMap
{
    // Thin strokes would fade if a photo were averaged straight to the map's size: it is averaged to this many times that, then each block gives
    // its most inked pixel.
    private const int Pool = 3;

    // So many of the strongest pixels may be flaws.
    private const int Flaws = 3;

    // Below it a difference from the ground is noise, in levels of brightness.
    private const float Noise = 14;

    private InkMap(int width, int height, float[] ink) => (Width, Height, Ink) = (width, height, ink);

    /// <summary>Pixels in a row of the map.</summary>
    public int Width { get; }

    /// <summary>Its rows.</summary>
    public int Height { get; }

    /// <summary>Levels of brightness by which each pixel stands out from the ground towards the ink.</summary>
    public float[] Ink { get; }

    /// <summary>Looks at a region of the image.</summary>
    /// <param name="gray">One channel.</param>
    /// <param name="region">Within the image.</param>
    /// <param name="least">The map's long side is at least this, in pixels; a smaller region is enlarged.</param>
    /// <param name="most">And at most this.</param>
    public static InkMap Of(Pixels gray, Resizer.Window region, int least, int most)
    {
        int side = Math.Max(region.Width, region.Height);
        double scale = side < least ? (double)least / side : Math.Min(1, (double)most * Pool / side);
        int width = Math.Max(1, (int)Math.Round(region.Width * scale)), height = Math.Max(1, (int)Math.Round(region.Height * scale));
        var seen = Resizer.Resize(Cut(gray, region), width, height, new(0, 0, width, height));
        float[] ink = new float[width * height];
        TensorPrimitives.ConvertTruncating<byte, float>(seen.Values.AsSpan(0, ink.Length), ink);
        Paper.Subtract(ink, width, height);

        int block = (Math.Max(width, height) + most - 1) / most;
        return block == 1 ? new InkMap(width, height, ink) : Pooled(ink, width, height, block);
    }

    /// <summary>Takes away what is broader than strokes are, a third of the region: a shadow or an uneven light. Ink is 0 or more from then on.</summary>
    public void Flatten()
    {
        float[] ground = Morphology.Opening(Ink, Width, Height, (Math.Max(Width, Height) / 6) + 1);
        TensorPrimitives.Subtract(Ink, ground, Ink);
    }

    /// <summary>The level between ground and ink by Otsu (1979), which parts the map into two classes that differ most; null where all is noise.</summary>
    public float? Threshold()
    {
        float highest = Highest();
        if (highest < Noise)
        {
            return null;
        }

        Span<int> histogram = stackalloc int[64];
        double sum = 0;
        foreach (float value in Ink)
        {
            int bin = Math.Clamp((int)(value / highest * 63), 0, 63);
            histogram[bin]++;
            sum += bin;
        }

        double below = 0, sumBelow = 0, best = -1;
        int threshold = 0;
        for (int bin = 0; bin < 63; bin++)
        {
            below += histogram[bin];
            sumBelow += (double)bin * histogram[bin];
            double above = Ink.Length - below;
            if (below > 0 && above > 0)
            {
                double gap = (sumBelow / below) - ((sum - sumBelow) / above), between = below * above * gap * gap;
                if (between > best)
                {
                    (best, threshold) = (between, bin);
                }
            }
        }

        return Math.Max((threshold + 1) * highest / 63, Noise / 2);
    }

    /// <summary>Half of the strongest contrast: where little ink lies on much ground, classes of such unequal size mislead Otsu. Null where all is noise.</summary>
    public float? HalfOfStrongest()
    {
        float highest = Highest();
        return highest < Noise ? null : highest / 2;
    }

    // The strongest contrast but for flaws.
    private float Highest()
    {
        float strongest = TensorPrimitives.Max<float>(Ink);
        if (!(strongest > 0))
        {
            return 0;
        }

        Span<int> histogram = stackalloc int[256];
        foreach (float value in Ink)
        {
            histogram[(int)Math.Max(value / strongest * 255, 0)]++;
        }

        int seen = 0, bin = 255;
        for (; bin > 0 && (seen += histogram[bin]) < Flaws; bin--)
        {
        }

        return strongest * bin / 255;
    }

    private static Pixels Cut(Pixels gray, Resizer.Window region) => Resizer.Resize(gray, gray.Width, gray.Height, region);

    private static InkMap Pooled(float[] ink, int width, int height, int block)
    {
        int columns = (width + block - 1) / block, rows = (height + block - 1) / block;
        float[] pooled = new float[columns * rows];
        Array.Fill(pooled, float.NegativeInfinity);
        for (int y = 0, i = 0; y < height; y++)
        {
            var row = pooled.AsSpan(y / block * columns, columns);
            for (int x = 0; x < width; x++, i++)
            {
                ref float strongest = ref row[x / block];
                strongest = Math.Max(strongest, ink[i]);
            }
        }

        return new InkMap(columns, rows, pooled);
    }
}
