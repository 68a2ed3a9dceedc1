using Fovea.Models.Graphs;
using Fovea.Models.Imaging;
using SkiaSharp;

namespace Fovea.Models.Tests.Imaging;

public class HandwritingTests
{
    private static readonly Preprocessing LeNet = new() { Crop = [28, 28], Color = ColorOrder.Gray, Invert = Inversion.Auto };

    private static readonly SKPoint[] Seven = [new(4, 4), new(16, 4), new(8, 20)];

    [Fact]
    public void Digit_framed_as_in_MNIST_is_unchanged() => Assert.Equal(Framed().Values, Preprocessor.Fit(Framed(), LeNet).Values);

    [Fact]
    public void Framed_digit_that_is_dark_on_light_is_inverted()
    {
        var framed = Framed();
        var dark = framed with { Values = Array.ConvertAll(framed.Values, value => (byte)(255 - value)) };
        Assert.Equal(framed.Values, Preprocessor.Fit(dark, LeNet).Values);
        Assert.Equal(framed.Values, Preprocessor.Fit(InColor(dark), LeNet).Values);
    }

    [Fact]
    public void Without_inversion_the_image_is_unchanged()
    {
        var image = PreprocessorTests.Random(28, 28, 1);
        Assert.Same(image, Preprocessor.Fit(image, LeNet with { Invert = Inversion.Never }));
    }

    public static TheoryData<string, int, int, float, float, float, float, uint, uint> Drawings => new()
    {
        { "small, in a corner", 640, 480, 560, 20, 1.5f, 4, 0xFF000000, 0xFFFFFFFF },
        { "filling a large photo", 2000, 1500, 500, 30, 60, 150, 0xFF202020, 0xFFE0E0E0 },
        { "a thin pen in a large photo", 2000, 1500, 300, 100, 50, 3, 0xFF202040, 0xFFE0E0E0 },
        { "blue on yellow", 300, 200, 100, 30, 6, 14, 0xFF203080, 0xFFE8E0A0 },
        { "chalk on a board", 400, 300, 30, 40, 8, 20, 0xFFE8E8E0, 0xFF304838 },
        { "pencil", 300, 300, 60, 60, 8, 14, 0xFFB0B0B0, 0xFFE0E0E0 },
        { "not centred", 28, 28, 1, 1, 1, 2.5f, 0xFFFFFFFF, 0xFF000000 },
    };

    [Theory, MemberData(nameof(Drawings))]
    public void Digit_of_any_size_place_and_colour_is_framed(
        string how, int width, int height, float x, float y, float scale, float pen, uint ink, uint paper)
    {
        var fitted = Preprocessor.Fit(Draw(width, height, x, y, scale, pen, ink, paper), LeNet);
        AssertFramed(fitted, how);
        // The cosine similarity to the framed seven is high only if its strokes are in the same place.
        Assert.True(Overlap(fitted, Framed()) > 0.7, $"{how}: {Overlap(fitted, Framed())}");
    }

    [Fact]
    public void Digit_in_uneven_light_and_noise_is_framed()
    {
        var image = Draw(500, 400, 150, 90, 10, 24, 0xFF303030, 0xFFC8C8C8);
        var random = new Random(1);
        for (int i = 0; i < image.Values.Length; i++)
        {
            int x = i / 3 % 500, y = i / 3 / 500;
            // The light decreases to the right, and a shadow with a sharp edge covers the lower part.
            double light = (1 - (x / 1200.0)) * (y > 250 ? 0.7 : 1);
            image.Values[i] = (byte)Math.Clamp((image.Values[i] * light) + random.Next(-8, 9), 0, 255);
        }

        var fitted = Preprocessor.Fit(image, LeNet);
        AssertFramed(fitted, "uneven");
        Assert.True(Overlap(fitted, Framed()) > 0.7, $"{Overlap(fitted, Framed())}");
    }

    [Fact]
    public void Digit_on_a_sheet_on_a_dark_table_is_framed()
    {
        var image = Draw(800, 600, 300, 150, 10, 24, 0xFF202020, 0xFFE0E0E0);
        for (int i = 0; i < image.Values.Length; i++)
        {
            int x = i / 3 % 800, y = i / 3 / 800;
            image.Values[i] = x is < 130 or > 670 || y is < 80 or > 520 ? (byte)50 : image.Values[i];
        }

        Assert.True(Overlap(Preprocessor.Fit(image, LeNet), Framed()) > 0.7);
    }

    // A speck near the digit, a stroke far from the digit, and an object at the edge that has more ink than the digit.
    [Theory, InlineData(220, 180, 3, 3), InlineData(340, 220, 8, 50), InlineData(320, 60, 80, 120)]
    public void Other_object_is_removed(int left, int top, int width, int height)
    {
        var image = Draw(400, 300, 60, 60, 8, 18, 0xFF000000, 0xFFFFFFFF);
        var alone = Preprocessor.Fit(image, LeNet);
        for (int y = top; y < top + height; y++)
        {
            image.Values.AsSpan(((y * 400) + left) * 3, width * 3).Clear();
        }

        double overlap = Overlap(Preprocessor.Fit(image, LeNet), alone);
        Assert.True(overlap > 0.97, $"{overlap}");
    }

    [Fact]
    public void Digit_of_two_separate_strokes_is_framed()
    {
        var image = Draw(400, 300, 60, 60, 8, 14, 0xFF000000, 0xFFFFFFFF);
        // A gap in the stem of the seven, as if the pen had left the paper.
        for (int y = 150; y < 160; y++)
        {
            image.Values.AsSpan(y * 400 * 3, 400 * 3).Fill(255);
        }

        Assert.True(Overlap(Preprocessor.Fit(image, LeNet), Framed()) > 0.7);
    }

    [
        Theory, InlineData(28, 28, 0), InlineData(28, 28, 255), InlineData(28, 28, 128), InlineData(640, 480, 255), InlineData(1, 1, 9),
        InlineData(1, 300, 80), InlineData(4000, 1, 200)]
    public void Blank_image_becomes_black(int width, int height, byte value)
    {
        byte[] values = Enumerable.Repeat(value, width * height).ToArray();
        Assert.All(Preprocessor.Fit(new Pixels(width, height, 1, values), LeNet).Values, fitted => Assert.Equal(0, fitted));
    }

    [Theory, InlineData(1, 1), InlineData(2, 3), InlineData(28, 28), InlineData(3, 400), InlineData(300, 2), InlineData(500, 333)]
    public void Noise_of_any_size_is_accepted(int width, int height) =>
        Assert.Equal(28 * 28, Preprocessor.Fit(PreprocessorTests.Random(width, height, 3), LeNet).Values.Length);

    [Fact]
    public void Other_sizes_keep_the_proportions_of_the_frame()
    {
        var image = Draw(300, 300, 60, 60, 8, 20, 0xFF000000, 0xFFFFFFFF);
        var fitted = Preprocessor.Fit(image, LeNet with { Crop = [56, 64], Color = ColorOrder.Rgb });
        Assert.Equal((64, 56, 3), (fitted.Width, fitted.Height, fitted.Channels));
        var (_, _, side) = Measure(fitted with { Channels = 1, Values = [.. fitted.Values.Where((_, i) => i % 3 == 0)] });
        Assert.InRange(side, 38, 41);
    }

    // A seven that is framed as in MNIST: it is drawn at MNIST's size and moved by whole pixels until its centre of mass is in the middle.
    private static Pixels Framed()
    {
        for (int dy = -4; dy <= 4; dy++)
        {
            for (int dx = -4; dx <= 4; dx++)
            {
                var drawn = Gray(Draw(28, 28, 4 + dx, 2 + dy, 1.06f, 2.4f, 0xFFFFFFFF, 0xFF000000));
                var (x, y, side) = Measure(drawn);
                if (Math.Abs(x - 14) <= 0.5 && Math.Abs(y - 14) <= 0.5 && side is 19 or 20)
                {
                    return drawn;
                }
            }
        }

        throw new InvalidOperationException("The seven cannot be centred.");
    }

    private static Pixels Draw(int width, int height, float x, float y, float scale, float pen, uint ink, uint paper)
    {
        using var bitmap = new SKBitmap(width, height);
        using var canvas = new SKCanvas(bitmap);
        using var paint = new SKPaint { Color = ink, StrokeWidth = pen, IsAntialias = true, IsStroke = true };
        (paint.StrokeCap, paint.StrokeJoin) = (SKStrokeCap.Round, SKStrokeJoin.Round);
        using var path = new SKPath();
        canvas.Clear(paper);
        path.AddPoly(Array.ConvertAll(Seven, p => new SKPoint(x + (p.X * scale), y + (p.Y * scale))), close: false);
        canvas.DrawPath(path, paint);
        return new Pixels(width, height, 3, [.. bitmap.Pixels.SelectMany(p => new[] { p.Red, p.Green, p.Blue })]);
    }

    private static Pixels Gray(Pixels image) => image with { Channels = 1, Values = [.. image.Values.Where((_, i) => i % 3 == 0)] };

    private static Pixels InColor(Pixels gray) => gray with { Channels = 3, Values = [.. gray.Values.SelectMany(v => new[] { v, v, v })] };

    private static void AssertFramed(Pixels fitted, string how)
    {
        var (x, y, side) = Measure(fitted);
        Assert.True(side is 19 or 20 or 21, $"{how}: the box's side is {side}");
        Assert.True(Math.Abs(x - 14) <= 0.6 && Math.Abs(y - 14) <= 0.6, $"{how}: the centre is {x}, {y}");
        Assert.True(fitted.Values.Max() > 200, $"{how}: the strokes are faint");
    }

    private static (double X, double Y, int Side) Measure(Pixels gray)
    {
        var ink = gray.Values.Select(
            (value, i) => (Value: (double)value, X: i % gray.Width, Y: i / gray.Width)).Where(p => p.Value > 0).ToList();
        double sum = ink.Sum(p => p.Value);
        int side = Math.Max(ink.Max(p => p.X) - ink.Min(p => p.X), ink.Max(p => p.Y) - ink.Min(p => p.Y)) + 1;
        return (ink.Sum(p => p.Value * p.X) / sum, ink.Sum(p => p.Value * p.Y) / sum, side);
    }

    // The cosine similarity of two images: 1 if they are equal up to contrast.
    private static double Overlap(Pixels a, Pixels b)
    {
        double both = a.Values.Zip(b.Values).Sum(p => (double)p.First * p.Second);
        return both / Math.Sqrt(a.Values.Sum(v => (double)v * v) * b.Values.Sum(v => (double)v * v));
    }
}
