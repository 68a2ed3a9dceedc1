using System.Numerics.Tensors;

namespace Fovea.Models.Imaging;

/// <summary>
/// A map of the ink in a region of a gray image: the contrast of each pixel to the background. The region is scaled to a size at which
/// strokes and background are easy to separate.
/// </summary>
internal sealed class InkMap
{
    // Averaging a photo directly to the map's size would blur thin strokes away. The photo is averaged to at most this multiple of the
    // map's size, and each pixel of the map is the maximum of a block.
    private const int PoolSize = 3;

    // The number of pixels with the largest contrast that are ignored, because they may be dead pixels or specks.
    private const int Outliers = 3;

    // A contrast below this is noise, in levels of brightness of 0 to 255.
    private const float Noise = 14;

    private InkMap(int width, int height, float[] ink) => (Width, Height, Ink) = (width, height, ink);

    /// <summary>The width of the map in pixels.</summary>
    public int Width { get; }

    /// <summary>The height of the map in pixels.</summary>
    public int Height { get; }

    /// <summary>
    /// The contrast of each pixel to the background, row-major, in levels of brightness: positive for ink, whether ink is darker or lighter
    /// than the background.
    /// </summary>
    public float[] Ink { get; }

    /// <summary>Computes the map of a region.</summary>
    /// <param name="gray">An image of one channel.</param>
    /// <param name="region">The region, within the image.</param>
    /// <param name="least">The smallest length of the map's long side, in pixels. A smaller region is enlarged to this length.</param>
    /// <param name="most">The largest length of the map's long side, in pixels.</param>
    public static InkMap Of(Pixels gray, PixelRectangle region, int least, int most)
    {
        int side = Math.Max(region.Width, region.Height);
        double scale = side < least ? (double)least / side : Math.Min(1, (double)most * PoolSize / side);
        int width = Math.Max(1, (int)Math.Round(region.Width * scale)), height = Math.Max(1, (int)Math.Round(region.Height * scale));
        var scaled = Resizer.Resize(Crop(gray, region), width, height, new(0, 0, width, height));
        float[] ink = new float[width * height];
        TensorPrimitives.ConvertTruncating<byte, float>(scaled.Values.AsSpan(0, ink.Length), ink);
        Background.Subtract(ink, width, height);

        int block = (Math.Max(width, height) + most - 1) / most;
        return block == 1 ? new InkMap(width, height, ink) : MaxPooled(ink, width, height, block);
    }

    /// <summary>
    /// Subtracts structures broader than a third of the map, such as a shadow or uneven light; strokes are narrower. Afterwards all values
    /// are at least 0.
    /// </summary>
    public void Flatten()
    {
        float[] ground = Morphology.Opening(Ink, Width, Height, (Math.Max(Width, Height) / 6) + 1);
        TensorPrimitives.Subtract(Ink, ground, Ink);
    }

    /// <summary>
    /// The threshold between background and ink by Otsu's method (1979), which maximises the variance between the two classes. <c>null</c>
    /// if the map has only noise.
    /// </summary>
    public float? Threshold()
    {
        float highest = RobustMaximum();
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

    /// <summary>
    /// Half of the largest contrast, as the threshold for maps with little ink on a large background. Otsu's method fails for such maps,
    /// because the two classes are too unequal in size. <c>null</c> if the map has only noise.
    /// </summary>
    public float? HalfMaximum()
    {
        float highest = RobustMaximum();
        return highest < Noise ? null : highest / 2;
    }

    // The largest contrast without the outliers, with a precision of 1/255 of the largest contrast.
    private float RobustMaximum()
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

        int larger = 0, bin = 255;
        for (; bin > 0 && (larger += histogram[bin]) < Outliers; bin--)
        {
        }

        return strongest * bin / 255;
    }

    private static Pixels Crop(Pixels gray, PixelRectangle region) => Resizer.Resize(gray, gray.Width, gray.Height, region);

    // Reduces the map: each block of pixels becomes one pixel, the maximum of the block.
    private static InkMap MaxPooled(float[] ink, int width, int height, int block)
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
