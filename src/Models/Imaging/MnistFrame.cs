namespace Fovea.Models;

/// <summary>How MNIST stands a digit in its image (LeCun et al., 1998).</summary>
internal static class MnistFrame
{
    // In all of MNIST's 70,000 images the long side of the box is 19 or 20 of 28 pixels, and the centre of mass within 0.52 of pixel (14, 14).
    private const double LeastSide = 18.5 / 28, MostSide = 20.5 / 28, FarthestCentre = 0.6 / 28;

    // The rim of a light-on-dark image is never lighter than 9 on average there.
    private const int DarkRim = 64, LightRim = 255 - DarkRim;

    /// <summary>The image itself or turned round, where its digit is framed already; else null.</summary>
    public static Pixels? Find(Pixels gray)
    {
        byte[] values = gray.Values;
        int rim = 0, count = 0;
        for (int x = 0; x < gray.Width; x++, count += 2)
        {
            rim += values[x] + values[values.Length - 1 - x];
        }

        for (int y = 0; y < gray.Height; y++, count += 2)
        {
            rim += values[y * gray.Width] + values[((y + 1) * gray.Width) - 1];
        }

        rim /= count;
        if (rim > LightRim)
        {
            gray = gray with { Values = Array.ConvertAll(values, value => (byte)(255 - value)) };
        }

        return rim is <= DarkRim or > LightRim && IsFramed(gray) ? gray : null;
    }

    /// <summary>Stands a digit's box in black so that its centre of mass is as near to the middle as whole pixels and the edges allow.</summary>
    public static Pixels Centre(Pixels box, int width, int height)
    {
        var (x, y, _) = Mass(box);
        int left = Math.Clamp((int)Math.Round((width / 2.0) - x), 0, width - box.Width), top = Math.Clamp((int)Math.Round((height / 2.0) - y), 0, height - box.Height);
        byte[] values = new byte[width * height];
        for (int row = 0; row < box.Height; row++)
        {
            box.Values.AsSpan(row * box.Width, box.Width).CopyTo(values.AsSpan(((top + row) * width) + left));
        }

        return new Pixels(width, height, 1, values);
    }

    private static bool IsFramed(Pixels gray)
    {
        int unit = Math.Min(gray.Width, gray.Height);
        var (x, y, side) = Mass(gray);
        return side >= LeastSide * unit && side <= MostSide * unit
            && Math.Abs(x - (gray.Width / 2.0)) <= FarthestCentre * unit && Math.Abs(y - (gray.Height / 2.0)) <= FarthestCentre * unit;
    }

    // The centre of mass, and the long side of the box round all that is not black.
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
