namespace Fovea.Models;

/// <summary>
/// The ground that somebody wrote on: the plane a + b x + c y of brightness through a region's rim, fitted again without those of its pixels
/// that lie farther off than most (strokes that reach the rim). What differs from the ground is ink.
/// </summary>
internal static class Paper
{
    private const int Fits = 4;

    // Levels of brightness; noise below it is no reason to leave a pixel out.
    private const double LeastTolerance = 4;

    /// <summary>Replaces brightness by its distance from the ground, positive for the ink, whether that is darker or lighter.</summary>
    public static void Subtract(Span<float> values, int width, int height)
    {
        var (a, b, c) = Plane(Rim(values, width, height));
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

        // Ink is little and differs much. Cubes weigh it above a faint shadow over half of the sheet, and above an error of the plane.
        if (skew < 0)
        {
            System.Numerics.Tensors.TensorPrimitives.Negate(values, values);
        }
    }

    private static List<(int X, int Y, float Value)> Rim(ReadOnlySpan<float> values, int width, int height)
    {
        int rim = Math.Max(1, Math.Min(width, height) / 32);
        var pixels = new List<(int, int, float)>();
        for (int y = 0; y < height; y++)
        {
            bool whole = y < rim || y >= height - rim;
            for (int x = 0; x < width; x = !whole && x == rim - 1 ? Math.Max(rim, width - rim) : x + 1)
            {
                pixels.Add((x, y, values[(y * width) + x]));
            }
        }

        return pixels;
    }

    private static (double A, double B, double C) Plane(List<(int X, int Y, float Value)> pixels)
    {
        double a = 0, b = 0, c = 0, tolerance = double.PositiveInfinity;
        for (int fit = 0; fit < Fits; fit++)
        {
            // Least squares: the symmetric normal equations M (a, b, c) = v, by Cramer's rule.
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

            double determinant = Determinant(n, x, y, x, xx, xy, y, xy, yy);
            (a, b, c) = Math.Abs(determinant) < 1e-3
                ? (n > 0 ? v / n : a, 0, 0)
                : (Determinant(v, x, y, xv, xx, xy, yv, xy, yy) / determinant,
                    Determinant(n, v, y, x, xv, xy, y, yv, yy) / determinant,
                    Determinant(n, x, v, x, xx, xv, y, xy, yv) / determinant);

            double off = 0;
            foreach (var (px, py, value) in pixels)
            {
                off += Math.Min(Math.Abs(value - a - (b * px) - (c * py)), tolerance);
            }

            tolerance = Math.Max(LeastTolerance, 1.5 * off / pixels.Count);
        }

        return (a, b, c);
    }

    private static double Determinant(double a, double b, double c, double d, double e, double f, double g, double h, double i) =>
        (a * ((e * i) - (f * h))) - (b * ((d * i) - (f * g))) + (c * ((d * h) - (e * g)));
}
