namespace Fovea.Models;

/// <summary>Shapes in maps of numbers: what a square fits into, and how far a pixel lies from a set.</summary>
internal static class Morphology
{
    /// <summary>Opening by a square of side 2 radius + 1: the least, then the greatest value about each pixel. What is narrower than the square vanishes.</summary>
    public static float[] Opening(float[] map, int width, int height, int radius)
    {
        float[] opened = (float[])map.Clone();
        Slide(opened, width, height, radius, sign: 1);
        Slide(opened, width, height, radius, sign: -1);
        return opened;
    }

    /// <summary>The distance of each pixel to the nearest one of the set, in pixels, within 4 %: 0 in the set.</summary>
    public static float[] Distance(bool[] set, int width, int height)
    {
        // Two sweeps that pass on the distance of the neighbours that came before: 1 straight, the root of 2 diagonally.
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

    // The least value (sign 1) or the greatest (sign -1) within radius along the rows, then along the columns.
    private static void Slide(float[] map, int width, int height, int radius, int sign)
    {
        float[] line = new float[Math.Max(width, height)];
        int[] queue = new int[line.Length];
        for (int y = 0; y < height; y++)
        {
            SlideLine(map, y * width, 1, width, radius, sign, line, queue);
        }

        for (int x = 0; x < width; x++)
        {
            SlideLine(map, x, width, height, radius, sign, line, queue);
        }
    }

    // The queue holds, with rising values, the places that are still the least of some window to come.
    private static void SlideLine(float[] map, int start, int step, int length, int radius, int sign, float[] line, int[] queue)
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
