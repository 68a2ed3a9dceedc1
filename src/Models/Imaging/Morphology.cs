
namespace Fovea.Models.Imaging;

/// <summary>Mathematical morphology on row-major maps: grayscale opening and the distance transform.</summary>
internal static class Morphology
{
    /// <summary>
    /// Opening with a square of side 2 <paramref name="radius"/> + 1: first an erosion (the minimum around each pixel), then a dilation
    /// (the maximum around each pixel). It removes bright structures that are narrower than the square.
    /// </summary>
    public static float[] Opening(float[] map, int width, int height, int radius)
    {
        float[] opened = (float[])map.Clone();
        SlidingMinimum(opened, width, height, radius, sign: 1);
        SlidingMinimum(opened, width, height, radius, sign: -1);
        return opened;
    }

    /// <summary>
    /// The distance from each pixel to the nearest pixel of the set, in pixels, with an error of at most 4 %; 0 for pixels of the set.
    /// </summary>
    public static float[] Distance(bool[] set, int width, int height)
    {
        // The two-pass chamfer distance (Borgefors, 1986): each pass propagates the distances of the neighbours that it visited before. A
        // step costs a little less than its length, 1 or the square root of 2, which balances the errors of all directions.
        const float straight = 0.96f, diagonal = 1.36f;
        float[] distance = Array.ConvertAll(set, member => member ? 0 : float.MaxValue / 2);
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                Pass(x, y, -1);
            }
        }

        for (int y = height - 1; y >= 0; y--)
        {
            for (int x = width - 1; x >= 0; x--)
            {
                Pass(x, y, 1);
            }
        }

        return distance;

        void Pass(int x, int y, int step)
        {
            ref float here = ref distance[(y * width) + x];
            if (x + step >= 0 && x + step < width)
            {
                here = Math.Min(here, distance[(y * width) + x + step] + straight);
            }

            if (y + step < 0 || y + step >= height)
            {
                return;
            }

            int above = ((y + step) * width) + x;
            here = Math.Min(here, distance[above] + straight);
            here = x > 0 ? Math.Min(here, distance[above - 1] + diagonal) : here;
            here = x < width - 1 ? Math.Min(here, distance[above + 1] + diagonal) : here;
        }
    }

    // Replaces each pixel by the minimum (sign 1) or the maximum (sign -1) of the square around it: along the rows, then along the columns.
    private static void SlidingMinimum(float[] map, int width, int height, int radius, int sign)
    {
        float[] line = new float[Math.Max(width, height)];
        int[] queue = new int[line.Length];
        for (int y = 0; y < height; y++)
        {
            SlidingMinimumOfLine(map, y * width, 1, width, radius, sign, line, queue);
        }

        for (int x = 0; x < width; x++)
        {
            SlidingMinimumOfLine(map, x, width, height, radius, sign, line, queue);
        }
    }

    // The monotonic queue holds the positions that can still be the minimum of a later window, with increasing values; its head is the
    // current minimum. The time is linear in the length and does not depend on the radius.
    private static void SlidingMinimumOfLine(float[] map, int start, int step, int length, int radius, int sign, float[] line, int[] queue)
    {
        for (int i = 0; i < length; i++)
        {
            line[i] = map[start + (i * step)] * sign;
        }

        int head = 0, tail = 0;
        for (int i = 0; i < length + radius; i++)
        {
            if (i < length)
            {
                while (tail > head && line[queue[tail - 1]] >= line[i])
                {
                    tail--;
                }

                queue[tail++] = i;
            }

            int centre = i - radius;
            if (centre >= 0)
            {
                if (queue[head] < centre - radius)
                {
                    head++;
                }

                map[start + (centre * step)] = line[queue[head]] * sign;
            }
        }
    }
}
