
// The background is modelled as a plane of brightness, a + b x + c y. It is fitted by least squares to the pixels of the border:
// M (a, b, c)' = v with the symmetric normal equations M = sum of (1, x, y)' (1, x, y) and v = sum of value (1, x, y)'.
// The fit is repeated without outliers, such as strokes that reach the border: pixels whose error exceeds 1.5 times the mean error.

namespace Fovea.Models.Imaging;

/// <summary>Estimates and removes the background of handwriting, such as unevenly lit paper.</summary>
internal static class Background
{
    private const int FitRounds = 4;

    // In levels of brightness, 0 to 255. A pixel whose error is smaller is noise, not an outlier.
    private const double MinTolerance = 4;

    /// <summary>
    /// Replaces the brightness of each pixel by its difference from the background, with the sign that makes ink positive, whether ink is
    /// darker or lighter than the background.
    /// </summary>
    public static void Subtract(Span<float> values, int width, int height)
    {
        var (a, b, c) = FitPlane(Border(values, width, height));
        double skew = 0;
        for (int y = 0, i = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++, i++)
            {
                float difference = (float)(a + (b * x) + (c * y)) - values[i];
                values[i] = difference;
                skew += (double)difference * difference * difference;
            }
        }

        // The sign of the skewness shows whether ink is darker or lighter than the background. Ink covers few pixels with a large
        // difference, so its cubes outweigh those of a faint shadow over half of the sheet, and those of an error of the plane.
        if (skew < 0)
        {
            System.Numerics.Tensors.TensorPrimitives.Negate(values, values);
        }
    }

    private static List<(int X, int Y, float Value)> Border(ReadOnlySpan<float> values, int width, int height)
    {
        int border = Math.Max(1, Math.Min(width, height) / 32);
        var pixels = new List<(int, int, float)>();
        for (int y = 0; y < height; y++)
        {
            bool isWholeRow = y < border || y >= height - border;
            for (int x = 0; x < width; x = !isWholeRow && x == border - 1 ? Math.Max(border, width - border) : x + 1)
            {
                pixels.Add((x, y, values[(y * width) + x]));
            }
        }

        return pixels;
    }

    private static (double A, double B, double C) FitPlane(List<(int X, int Y, float Value)> pixels)
    {
        double a = 0, b = 0, c = 0, tolerance = double.PositiveInfinity;
        for (int round = 0; round < FitRounds; round++)
        {
            // The tiny terms keep the matrix regular for an image of one row or column.
            double n = 0, x = 0, y = 0, xx = 1e-9, xy = 0, yy = 1e-9, v = 0, xv = 0, yv = 0;
            foreach (var (px, py, value) in pixels)
            {
                if (Math.Abs(value - a - (b * px) - (c * py)) > tolerance)
                {
                    continue;
                }

                n++;
                x += px;
                y += py;
                xx += (double)px * px;
                xy += (double)px * py;
                yy += (double)py * py;
                v += value;
                xv += px * value;
                yv += py * value;
            }

            // Solves the equations by Cramer's rule. If the matrix is singular, the plane is flat, at the mean brightness.
            (double, double, double) m0 = (n, x, y), m1 = (x, xx, xy), m2 = (y, xy, yy), right = (v, xv, yv);
            double determinant = Determinant(m0, m1, m2);
            (a, b, c) = Math.Abs(determinant) < 1e-3
                ? (n > 0 ? v / n : a, 0, 0)
                : (Determinant(right, m1, m2) / determinant,
                    Determinant(m0, right, m2) / determinant,
                    Determinant(m0, m1, right) / determinant);

            double error = 0;
            foreach (var (px, py, value) in pixels)
            {
                error += Math.Min(Math.Abs(value - a - (b * px) - (c * py)), tolerance);
            }

            tolerance = Math.Max(MinTolerance, 1.5 * error / pixels.Count);
        }

        return (a, b, c);
    }

    // The determinant of the matrix with the columns a, b and c.
    private static double Determinant(
        (double X, double Y, double Z) a, (double X, double Y, double Z) b, (double X, double Y, double Z) c) =>
        (a.X * ((b.Y * c.Z) - (c.Y * b.Z))) - (b.X * ((a.Y * c.Z) - (c.Y * a.Z))) + (c.X * ((a.Y * b.Z) - (b.Y * a.Z)));
}
