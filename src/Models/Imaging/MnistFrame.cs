
namespace Fovea.Models.Imaging;

/// <summary>The size and position of digits in the images of MNIST (LeCun et al., 1998).</summary>
internal static class MnistFrame
{
    // In all of MNIST's 70,000 images, the long side of the digit's box is 19 or 20 of 28 pixels, and the centre of mass is within 0.52
    // pixels of (14, 14).
    private const double MinSide = 18.5 / 28, MaxSide = 20.5 / 28, MaxOffset = 0.6 / 28;

    // Limits of the mean brightness of the border pixels: at most DarkBorder for light strokes on black, more than LightBorder for dark
    // strokes on white. In MNIST the mean is at most 9.
    private const int DarkBorder = 64, LightBorder = 255 - DarkBorder;

    /// <summary>
    /// If the digit is framed as in MNIST, returns the image with light strokes on black: the same image, or inverted if it is dark on
    /// light. Otherwise returns <c>null</c>.
    /// </summary>
    public static Pixels? Find(Pixels gray)
    {
        byte[] values = gray.Values;
        int border = 0, count = 0;
        for (int x = 0; x < gray.Width; x++, count += 2)
        {
            border += values[x] + values[values.Length - 1 - x];
        }

        for (int y = 0; y < gray.Height; y++, count += 2)
        {
            border += values[y * gray.Width] + values[((y + 1) * gray.Width) - 1];
        }

        border /= count;
        if (border > LightBorder)
        {
            gray = gray with { Values = Array.ConvertAll(values, value => (byte)(255 - value)) };
        }

        return border is <= DarkBorder or > LightBorder && IsFramed(gray) ? gray : null;
    }

    /// <summary>
    /// Copies a digit's box into a black image, with the centre of mass as near to the middle as whole pixels and the image's edges allow.
    /// Returns the image, and the column and row of the box's top left corner.
    /// </summary>
    public static (Pixels Framed, int Left, int Top) Centre(Pixels box, int width, int height)
    {
        var (x, y, _) = Mass(box);
        int left = Math.Clamp((int)Math.Round((width / 2.0) - x), 0, width - box.Width);
        int top = Math.Clamp((int)Math.Round((height / 2.0) - y), 0, height - box.Height);
        byte[] values = new byte[width * height];
        for (int row = 0; row < box.Height; row++)
        {
            box.Values.AsSpan(row * box.Width, box.Width).CopyTo(values.AsSpan(((top + row) * width) + left));
        }

        return (new Pixels(width, height, 1, values), left, top);
    }

    private static bool IsFramed(Pixels gray)
    {
        int unit = Math.Min(gray.Width, gray.Height);
        var (x, y, side) = Mass(gray);
        return side >= MinSide * unit && side <= MaxSide * unit
            && Math.Abs(x - (gray.Width / 2.0)) <= MaxOffset * unit && Math.Abs(y - (gray.Height / 2.0)) <= MaxOffset * unit;
    }

    // The centre of mass, and the long side of the bounding box of all pixels that are not black. All are 0 for a black image.
    private static (double X, double Y, int Side) Mass(Pixels gray)
    {
        long sum = 0, sumX = 0, sumY = 0;
        int left = gray.Width, right = -1, top = gray.Height, bottom = -1;
        for (int y = 0; y < gray.Height; y++)
        {
            var row = gray.Values.AsSpan(y * gray.Width, gray.Width);
            int first = row.IndexOfAnyExcept((byte)0), last = row.LastIndexOfAnyExcept((byte)0);
            if (first < 0)
            {
                continue;
            }

            int inRow = 0;
            for (int x = first; x <= last; x++)
            {
                inRow += row[x];
                sumX += row[x] * x;
            }

            (sum, sumY) = (sum + inRow, sumY + ((long)inRow * y));
            (left, right, top, bottom) = (Math.Min(left, first), Math.Max(right, last), Math.Min(top, y), y);
        }

        return sum == 0 ? (0, 0, 0) : ((double)sumX / sum, (double)sumY / sum, Math.Max(right - left, bottom - top) + 1);
    }
}
