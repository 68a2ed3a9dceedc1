using Fovea.Models.Imaging;

namespace Fovea.Models.Explanations;

/// <summary>
/// The evidence for a class at each place of an image: a grid of numbers from 0 to 1. The largest number is 1. If no place is evidence for
/// the class, all numbers are 0.
/// </summary>
/// <param name="Height">The number of rows of the grid.</param>
/// <param name="Width">The number of columns of the grid.</param>
/// <param name="Values">The numbers, row by row from the top, Height x Width.</param>
/// <param name="Region">The part of the upright image that the grid covers.</param>
public sealed record HeatMap(int Height, int Width, float[] Values, InputRegion Region)
{
    /// <summary>The rows of the grid from the top, [Height][Width].</summary>
    public float[][] Rows => [.. Values.Chunk(Width)];

    /// <summary>
    /// The number at a point of the grid, interpolated between the centres of the cells. Beyond the outermost centres, the number of the
    /// nearest cell.
    /// </summary>
    /// <param name="x">The point's position from the left, 0 to 1.</param>
    /// <param name="y">The point's position from the top, 0 to 1.</param>
    public float At(double x, double y)
    {
        var (left, right, toRight) = Cells(x, Width);
        var (top, bottom, toBottom) = Cells(y, Height);
        float above = Between(Values[(top * Width) + left], Values[(top * Width) + right], toRight);
        float below = Between(Values[(bottom * Width) + left], Values[(bottom * Width) + right], toRight);
        return Between(above, below, toBottom);
    }

    /// <summary>Interpolates the numbers on a grid of another size over the same part of the image.</summary>
    internal float[] Resized(int height, int width)
    {
        var resized = new float[height * width];
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                resized[(y * width) + x] = At((x + 0.5) / width, (y + 0.5) / height);
            }
        }

        return resized;
    }

    /// <summary>Creates a map of the whole input. Negative numbers become 0, and the others are divided by the largest.</summary>
    internal static HeatMap Of(int height, int width, float[] values)
    {
        float largest = values.Max();
        return new(
            height, width, largest > 0 ? Array.ConvertAll(values, value => Math.Max(0, value) / largest) : new float[values.Length],
            InputRegion.Whole);
    }

    // The two cells between whose centres a point lies, and the point's distance from the first centre, in cells.
    private static (int First, int Second, float Share) Cells(double place, int count)
    {
        double position = Math.Clamp((place * count) - 0.5, 0, count - 1);
        int first = (int)position;
        return (first, Math.Min(first + 1, count - 1), (float)(position - first));
    }

    private static float Between(float a, float b, float share) => a + ((b - a) * share);
}
