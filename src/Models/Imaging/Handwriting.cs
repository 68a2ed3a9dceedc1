
namespace Fovea.Models.Imaging;

/// <summary>
/// Finds a handwritten digit in an image and draws it in the form of MNIST's images: light strokes on black, the digit's bounding box
/// scaled to 20 of 28 pixels with its proportions kept, and its centre of mass in the middle. The digit may have any size, position and
/// colour, and may be darker or lighter than the background. Strokes thinner than MNIST's are thickened. Uneven light, specks, and objects
/// cut off by the edge of the image are removed. White ink on transparent pixels is lost, since transparent pixels are decoded as white.
/// </summary>
/// <remarks>
/// If the image has the right size and its digit is already framed in this way, its values do not change, or are inverted (255 - value) for
/// a digit that is dark on light.
/// </remarks>
internal static class Handwriting
{
    // MNIST's proportions: the digit's box has 20 of 28 pixels, and strokes are rarely thinner than 2.3 of 28 pixels.
    private const double BoxShare = 20.0 / 28, StrokeShare = 2.3 / 28;

    // The long side in pixels of an ink map, which says how dark each pixel of the photo is: at most SearchSide while the digit is
    // searched, at most DrawSide when it is drawn into the network's input, and at least LeastSide in both cases.
    private const int SearchSide = 320, DrawSide = 160, LeastSide = 96;

    private const int MaxZoomSteps = 4;

    // The margin around a box, as a share of its long side. The margin around a digit includes pixels of the background, from which the
    // background is estimated. The negative margin of a sheet of paper cuts off its edges.
    private const double DigitMargin = 0.45, SheetMargin = -0.04;

    /// <summary>
    /// Returns the framed digit, one channel of <paramref name="width"/> x <paramref name="height"/>, and the part of the image that the
    /// frame shows, which may reach beyond the image. If no digit is found, returns a black image and the whole image as the part.
    /// </summary>
    public static (Pixels Digit, InputRegion Region) Frame(Pixels gray, int width, int height)
    {
        if (gray.Width == width && gray.Height == height && MnistFrame.Find(gray) is { } framed)
        {
            return (framed, InputRegion.Whole);
        }

        // Zooms in on the digit: each step finds the strokes in an ink map; the next step searches only the region around them.
        var region = new PixelRectangle(0, 0, gray.Width, gray.Height);
        for (int step = 0; step < MaxZoomSteps; step++)
        {
            var map = InkMap.Of(gray, region, LeastSide, SearchSide);
            if (step == 0 && map.Threshold() is { } edge && Strokes.Find(map, edge) is { } sheet && sheet.IsSheet(map))
            {
                region = ToImage(region, map, sheet.Box, SheetMargin);
                map = InkMap.Of(gray, region, LeastSide, SearchSide);
            }

            map.Flatten();
            if (map.HalfMaximum() is not { } half || Strokes.Find(map, half) is not { } found)
            {
                break;
            }

            var closer = ToImage(region, map, found.Box, DigitMargin);
            bool hasConverged = Math.Max(closer.Width, closer.Height) > 0.8 * Math.Max(region.Width, region.Height);
            region = closer;
            if (hasConverged)
            {
                break;
            }
        }

        var ink = InkMap.Of(gray, region, LeastSide, DrawSide);
        ink.Flatten();
        if (ink.Threshold() is not { } threshold || Strokes.Find(ink, threshold) is not { } digit)
        {
            return (new Pixels(width, height, 1, new byte[width * height]), InputRegion.Whole);
        }

        var (drawn, part) = Draw(ink, digit, threshold, width, height);
        return (drawn, new(
            (region.X + (part.Left * region.Width)) / gray.Width,
            (region.Y + (part.Top * region.Height)) / gray.Height,
            (region.X + (part.Right * region.Width)) / gray.Width,
            (region.Y + (part.Bottom * region.Height)) / gray.Height));
    }

    // Converts a box of the map to coordinates of the image, and adds the margin, a share of the box's long side, on all sides. The result
    // is limited to the map's region.
    private static PixelRectangle ToImage(PixelRectangle region, InkMap map, PixelRectangle box, double margin)
    {
        double scaleX = (double)region.Width / map.Width, scaleY = (double)region.Height / map.Height;
        double added = margin * Math.Max(box.Width * scaleX, box.Height * scaleY);
        int left = Math.Max(0, (int)((box.X * scaleX) - added)), top = Math.Max(0, (int)((box.Y * scaleY) - added));
        int right = Math.Min(region.Width, (int)Math.Ceiling(((box.X + box.Width) * scaleX) + added));
        int bottom = Math.Min(region.Height, (int)Math.Ceiling(((box.Y + box.Height) * scaleY) + added));
        return new(region.X + left, region.Y + top, Math.Max(1, right - left), Math.Max(1, bottom - top));
    }

    // Returns the framed digit, and the part of the map that the frame shows.
    private static (Pixels Drawn, InputRegion Part) Draw(InkMap map, Strokes digit, float threshold, int width, int height)
    {
        double box = BoxShare * Math.Min(width, height), stroke = StrokeShare * Math.Min(width, height);
        int side = Math.Max(digit.Box.Width, digit.Box.Height);

        // Thickening by r on each side turns the stroke width w into w + 2 r and the box's side into side + 2 r. After scaling the box to
        // its final size, the stroke width should equal MNIST's stroke width: (w + 2 r) box = stroke (side + 2 r), solved for r.
        double r = Math.Max(0, ((stroke * side / box) - StrokeWidth(digit.Mask, map.Width)) / (2 * (1 - (stroke / box))));
        var drawn = Thicken(map, digit, threshold, r);
        double scale = box / (side + (2 * r));
        int boxWidth = Math.Clamp((int)Math.Round(drawn.Width * scale), 1, width);
        int boxHeight = Math.Clamp((int)Math.Round(drawn.Height * scale), 1, height);
        var scaled = Resizer.Resize(drawn, boxWidth, boxHeight, new(0, 0, boxWidth, boxHeight));
        var (framed, left, top) = MnistFrame.Centre(scaled, width, height);

        // Thickening added the same number of map pixels on each side of the digit's box.
        double boxX = digit.Box.X - ((drawn.Width - digit.Box.Width) / 2), boxY = digit.Box.Y - ((drawn.Height - digit.Box.Height) / 2);
        double stepX = (double)drawn.Width / boxWidth, stepY = (double)drawn.Height / boxHeight;
        return (framed, new(
            (boxX - (left * stepX)) / map.Width,
            (boxY - (top * stepY)) / map.Height,
            (boxX + ((width - left) * stepX)) / map.Width,
            (boxY + ((height - top) * stepY)) / map.Height));
    }

    // Draws the digit's box, extended by the radius and a border of one pixel, in the scale of the map. The brightness is the ink, from
    // half of the threshold (black) to the mean ink of the strokes (white). Pixels up to the radius from the strokes are white, and the
    // next pixel is antialiased.
    private static Pixels Thicken(InkMap map, Strokes digit, float threshold, double radius)
    {
        int border = (int)Math.Ceiling(radius) + 1;
        var (width, height) = (digit.Box.Width + (2 * border), digit.Box.Height + (2 * border));
        float[] distance = Morphology.Distance(digit.Mask, map.Width, map.Height);
        float white = MeanInk(map, digit.Mask), black = threshold / 2;
        byte[] drawn = new byte[width * height];
        for (int y = 0, i = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++, i++)
            {
                // A position outside the map uses the nearest pixel of the map, and the distance to this pixel is added.
                int mapX = digit.Box.X - border + x, mapY = digit.Box.Y - border + y;
                int nearX = Math.Clamp(mapX, 0, map.Width - 1), nearY = Math.Clamp(mapY, 0, map.Height - 1);
                int near = (nearY * map.Width) + nearX;
                double toStroke = distance[near] + Math.Abs(mapX - nearX) + Math.Abs(mapY - nearY);
                double ink = toStroke < 1.5 ? (map.Ink[near] - black) / (white - black) : 0;
                drawn[i] = (byte)(255 * Math.Clamp(radius > 0 ? Math.Max(ink, radius + 0.5 - toStroke) : ink, 0, 1));
            }
        }

        return new Pixels(width, height, 1, drawn);
    }

    // The mean width of strokes. A long stroke has two edges, so its width is 2 area / outline. The outline is counted in steps between
    // neighbouring pixels, which overestimates it by 4 / pi on average over all directions.
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

    private static float MeanInk(InkMap map, bool[] mask)
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
