using Fovea.Models.Imaging;

namespace Fovea.Models.Explanations;

/// <summary>Draws heat maps over images.</summary>
public static class HeatMapPicture
{
    // The share of the map's colour in the blended colour, where the map is 0 and where it is 1. The image stays visible below.
    private const float LeastShare = 0.35f, MostShare = 0.65f;

    // Colours from matplotlib's colour map inferno (van der Walt and Smith, 2015), at equal distances. Equal differences of values look
    // equally large, also to colour-blind people.
    private static readonly (int Red, int Green, int Blue)[] Inferno =
    [
        (0, 0, 4), (27, 12, 65), (74, 12, 107), (120, 28, 109), (165, 44, 96), (207, 68, 70), (237, 105, 37), (251, 155, 6), (247, 209, 61),
        (252, 255, 164),
    ];

    private static readonly float[][] Colors = [.. Enumerable.Range(0, 256).Select(ColorOf)];

    /// <summary>Draws a map over an image and returns a PNG file of the image's size.</summary>
    /// <param name="image">The upright image, with one channel or three.</param>
    /// <param name="map">The map.</param>
    public static byte[] ToPng(Pixels image, HeatMap map) => Bitmaps.ToPng(Blend(image, map));

    /// <summary>
    /// Blends a map over an image, in colours from dark violet (0) over red and orange to light yellow (1). Outside the map's region, the
    /// image does not change.
    /// </summary>
    /// <param name="image">The upright image, with one channel or three.</param>
    /// <param name="map">The map.</param>
    /// <returns>A new image of the same size, with three channels.</returns>
    public static Pixels Blend(Pixels image, HeatMap map)
    {
        var blended = new byte[image.Width * image.Height * 3];
        var region = map.Region;
        double[] columns = [.. Enumerable.Range(0, image.Width).Select(x => Place(x, image.Width, region.Left, region.Right))];
        int step = image.Channels == 1 ? 0 : 1;
        for (int y = 0, from = 0, to = 0; y < image.Height; y++)
        {
            double row = Place(y, image.Height, region.Top, region.Bottom);
            for (int x = 0; x < image.Width; x++, from += image.Channels, to += 3)
            {
                float value = IsInside(row) && IsInside(columns[x]) ? map.At(columns[x], row) : -1;
                var color = Colors[(int)(Math.Max(0, value) * 255)];
                float share = value < 0 ? 0 : LeastShare + (value * (MostShare - LeastShare));
                for (int c = 0; c < 3; c++)
                {
                    byte pixel = image.Values[from + (c * step)];
                    blended[to + c] = (byte)(pixel + (share * (color[c] - pixel)) + 0.5f);
                }
            }
        }

        return new(image.Width, image.Height, 3, blended);
    }

    // The position of a pixel's centre in the map; 0 to 1 if the pixel is inside the map's region.
    private static double Place(int pixel, int count, double first, double last) => (((pixel + 0.5) / count) - first) / (last - first);

    private static bool IsInside(double place) => place is >= 0 and <= 1;

    private static float[] ColorOf(int index)
    {
        float position = index / 255f * (Inferno.Length - 1);
        int first = Math.Min((int)position, Inferno.Length - 2);
        var (a, b, share) = (Inferno[first], Inferno[first + 1], position - first);
        return [Mixed(a.Red, b.Red), Mixed(a.Green, b.Green), Mixed(a.Blue, b.Blue)];

        float Mixed(int one, int other) => one + ((other - one) * share);
    }
}
