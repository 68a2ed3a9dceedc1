namespace Fovea.Models;

/// <summary>
/// Frames a written digit as MNIST does, light strokes on black: its box scaled to 20 of 28 pixels with its proportions kept, its centre of
/// mass in the middle. Ink may be darker or lighter than the ground, of any size and colour, anywhere in the image; thin strokes become as wide
/// as MNIST's; uneven light, specks and what the edge cuts are left out. Transparent pixels are white, so white ink on them is lost.
/// </summary>
/// <remarks>An image of the right size that is framed so already passes unchanged, or turned round (255 - value) where it is dark on light.</remarks>
internal static class Handwriting
{
    // MNIST's proportions: a box of 20 in 28 pixels; its strokes are rarely thinner than this.
    private const double BoxShare = 20.0 / 28, StrokeShare = 2.3 / 28;

    // Long sides of the maps in which a digit is searched, and then drawn from, in pixels.
    private const int SearchSide = 320, DrawSide = 160, LeastSide = 96;

    private const int Looks = 4;

    // Round a digit there must be ground that tells what the ground is; of a sheet the edges are left out.
    private const double DigitMargin = 0.45, SheetMargin = -0.04;

    /// <summary>The framed digit, one channel of <paramref name="width"/> x <paramref name="height"/>; black where nothing is written.</summary>
    public static Pixels Frame(Pixels gray, int width, int height)
    {
        if (gray.Width == width && gray.Height == height && MnistFrame.Find(gray) is { } framed)
        {
            return framed;
        }

        var region = new Resizer.Window(0, 0, gray.Width, gray.Height);
        for (int look = 0; look < Looks; look++)
        {
            var map = InkMap.Of(gray, region, LeastSide, SearchSide);
            if (look == 0 && map.Threshold() is { } edge && Strokes.Find(map, edge) is { } sheet && sheet.IsSheet(map))
            {
                region = At(region, map, sheet.Box, SheetMargin);
                map = InkMap.Of(gray, region, LeastSide, SearchSide);
            }

            map.Flatten();
            if (map.HalfOfStrongest() is not { } half || Strokes.Find(map, half) is not { } found)
            {
                break;
            }

            var closer = At(region, map, found.Box, DigitMargin);
            bool close = Math.Max(closer.Width, closer.Height) > 0.8 * Math.Max(region.Width, region.Height);
            region = closer;
            if (close)
            {
                break;
            }
        }

        var ink = InkMap.Of(gray, region, LeastSide, DrawSide);
        ink.Flatten();
        return ink.Threshold() is { } threshold && Strokes.Find(ink, threshold) is { } digit
            ? Draw(ink, digit, threshold, width, height)
            : new Pixels(width, height, 1, new byte[width * height]);
    }

    // Where a box of the map lies in the image, with a margin round it, a share of its long side.
    private static Resizer.Window At(Resizer.Window region, InkMap map, Resizer.Window box, double margin)
    {
        double scaleX = (double)region.Width / map.Width, scaleY = (double)region.Height / map.Height;
        double more = margin * Math.Max(box.Width * scaleX, box.Height * scaleY);
        int left = Math.Max(0, (int)((box.X * scaleX) - more)), right = Math.Min(region.Width, (int)Math.Ceiling(((box.X + box.Width) * scaleX) + more));
        int top = Math.Max(0, (int)((box.Y * scaleY) - more)), bottom = Math.Min(region.Height, (int)Math.Ceiling(((box.Y + box.Height) * scaleY) + more));
        return new(region.X + left, region.Y + top, Math.Max(1, right - left), Math.Max(1, bottom - top));
    }

    private static Pixels Draw(InkMap map, Strokes digit, float threshold, int width, int height)
    {
        double box = BoxShare * Math.Min(width, height), stroke = StrokeShare * Math.Min(width, height);
        int side = Math.Max(digit.Box.Width, digit.Box.Height);

        // Strokes grow by r on either side, and the box with them: (w + 2 r) box = stroke (side + 2 r).
        double r = Math.Max(0, ((stroke * side / box) - StrokeWidth(digit.Mask, map.Width)) / (2 * (1 - (stroke / box))));
        int grown = (int)Math.Ceiling(r) + 1;
        var (across, down) = (digit.Box.Width + (2 * grown), digit.Box.Height + (2 * grown));
        float[] distance = Morphology.Distance(digit.Mask, map.Width, map.Height);
        float full = FullInk(map, digit.Mask), none = threshold / 2;
        byte[] drawn = new byte[across * down];
        for (int y = 0, i = 0; y < down; y++)
        {
            for (int x = 0; x < across; x++, i++)
            {
                int mapX = digit.Box.X - grown + x, mapY = digit.Box.Y - grown + y;
                int nearX = Math.Clamp(mapX, 0, map.Width - 1), nearY = Math.Clamp(mapY, 0, map.Height - 1);
                int near = (nearY * map.Width) + nearX;
                double beyond = distance[near] + Math.Abs(mapX - nearX) + Math.Abs(mapY - nearY);
                double ink = beyond < 1.5 ? (map.Ink[near] - none) / (full - none) : 0;
                drawn[i] = (byte)(255 * Math.Clamp(r > 0 ? Math.Max(ink, r + 0.5 - beyond) : ink, 0, 1));
            }
        }

        double scale = box / (side + (2 * r));
        int boxWidth = Math.Clamp((int)Math.Round(across * scale), 1, width), boxHeight = Math.Clamp((int)Math.Round(down * scale), 1, height);
        var scaled = Resizer.Resize(new Pixels(across, down, 1, drawn), boxWidth, boxHeight, new(0, 0, boxWidth, boxHeight));
        return MnistFrame.Centre(scaled, width, height);
    }

    // A long stroke of width w has two edges: w = 2 area / outline. Steps between neighbours count an outline 4 / pi too long.
    private static double StrokeWidth(bool[] mask, int width)
    {
        int area = 0, steps = 0;
        for (int i = 0; i < mask.Length; i++)
        {
            area += mask[i] ? 1 : 0;
            steps += i % width != 0 && mask[i] != mask[i - 1] ? 1 : 0;
            steps += i >= width && mask[i] != mask[i - width] ? 1 : 0;
        }

        return 2 * area / Math.Max(1, steps * Math.PI / 4);
    }

    private static float FullInk(InkMap map, bool[] mask)
    {
        double sum = 0;
        int count = 0;
        for (int i = 0; i < mask.Length; i++)
        {
            if (mask[i])
            {
                sum += map.Ink[i];
                count++;
            }
        }

        return (float)(sum / count);
    }
}
