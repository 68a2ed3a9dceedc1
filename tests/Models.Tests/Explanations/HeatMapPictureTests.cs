using Fovea.Models.Explanations;
using Fovea.Models.Imaging;
using Fovea.Models.Runtime;
using Fovea.Models.Tests.Imaging;
using SkiaSharp;

namespace Fovea.Models.Tests.Explanations;

public sealed class HeatMapPictureTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Picture_has_the_images_size_and_is_bright_where_the_map_is_and_unchanged_outside_of_the_crop()
    {
        using var original = ColorNetwork.Picture();
        using var picture = Explained(ColorNetwork.Png(original));
        Assert.Equal((128, 64), (picture.Width, picture.Height));

        // The crop is the middle half: the columns 32 to 95.
        Assert.Equal(original.GetPixel(31, 20), picture.GetPixel(31, 20));
        Assert.Equal(original.GetPixel(96, 20), picture.GetPixel(96, 20));
        Assert.NotEqual(original.GetPixel(33, 20), picture.GetPixel(33, 20));
        Assert.True(picture.GetPixel(72, 24) is { Red: > 220, Green: > 120 }, $"{picture.GetPixel(72, 24)}");
        Assert.True(picture.GetPixel(48, 48) is { Red: < 40, Blue: < 200 }, $"{picture.GetPixel(48, 48)}");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    public void Exif_orientation_is_undone(int orientation)
    {
        using var upright = ColorNetwork.Picture();
        bool isOnItsSide = orientation > 4;
        using var stored = new SKBitmap(isOnItsSide ? 64 : 128, isOnItsSide ? 128 : 64);
        var mapping = Orientation.Of(orientation, stored.Width, stored.Height);
        for (int y = 0; y < stored.Height; y++)
        {
            for (int x = 0; x < stored.Width; x++)
            {
                int at = mapping.Start + (x * mapping.StepX) + (y * mapping.StepY);
                stored.SetPixel(x, y, upright.GetPixel(at % 128, at / 128));
            }
        }

        using var expected = Explained(ColorNetwork.Png(upright));
        using var picture = Explained(ImageFiles.Oriented(ColorNetwork.Png(stored), "PNG", orientation));
        Assert.Equal((128, 64), (picture.Width, picture.Height));
        Assert.Equal(expected.Pixels, picture.Pixels);
    }

    [Fact]
    public void Gray_image_gets_a_picture_in_colours()
    {
        var gray = new Pixels(2, 1, 1, [100, 100]);
        var blended = HeatMapPicture.Blend(gray, new(1, 2, [0, 1], new(0, 0, 1, 1)));
        Assert.Equal(3, blended.Channels);
        Assert.True(blended.Values[3] > blended.Values[0]);
        Assert.Equal([100, 100], gray.Values);
    }

    [Theory]
    [InlineData(0, 0, 1)]
    [InlineData(0.25, 0, 1)]
    [InlineData(0.5, 0, 2)]
    [InlineData(1, 1, 4)]
    [InlineData(0.75, 0.5, 3.5)]
    public void Map_is_interpolated_between_the_centres_of_its_cells(double x, double y, float expected)
    {
        var map = new HeatMap(2, 2, [1, 3, 2, 4], InputRegion.Whole);
        Assert.Equal(expected, map.At(x, y), 1e-6f);
    }

    [Fact]
    public void Frame_around_a_handwritten_digit_is_undone()
    {
        using var model = Classifier.Load(Path.Combine(AppContext.BaseDirectory, "onnx/lenet5/1/model.onnx"));
        using var paper = new SKBitmap(600, 400);
        using (var canvas = new SKCanvas(paper))
        using (var pen = new SKPaint { Color = SKColors.Black, StrokeWidth = 12, IsStroke = true })
        {
            canvas.Clear(SKColors.White);
            canvas.DrawLine(400, 220, 470, 220, pen);
            canvas.DrawLine(470, 220, 430, 340, pen);
        }

        using var encoded = EncodedImage.Open(ColorNetwork.Png(paper), new ImageLimits());
        var region = Preprocessor.FitWithRegion(encoded, model.Preprocessing).Region;

        // The digit's height of about 130 pixels becomes 20 of 28, and its middle is near that of the frame.
        Assert.InRange((region.Bottom - region.Top) * 400, 160, 210);
        Assert.InRange((region.Right - region.Left) * 600, 160, 210);
        Assert.InRange((region.Left + region.Right) / 2 * 600, 415, 465);
        Assert.InRange((region.Top + region.Bottom) / 2 * 400, 245, 300);
    }

    private SKBitmap Explained(byte[] file)
    {
        using var model = ColorNetwork.Load(folder);
        using var explainer = new Explainer(model);
        var found = explainer.Explain(file, new ImageLimits(), new() { Class = 0 }, TestContext.Current.CancellationToken);
        return SKBitmap.Decode(HeatMapPicture.ToPng(ImageDecoder.Decode(file, new ImageLimits()), found.Map));
    }
}
