using Fovea.Models.Graphs;
using Fovea.Models.Imaging;
using SkiaSharp;

namespace Fovea.Models.Tests.Imaging;

public class ScaledDecodeTests
{
    private static readonly Preprocessing Network = new() { Resize = 64, Crop = [56, 56] };

    [Theory]
    [InlineData(1024, 1400, 128)]
    [InlineData(509, 700, 128)]
    [InlineData(508, 700, 254)]
    [InlineData(254, 700, 254)]
    [InlineData(100, 90, 90)]
    public void JPEG_is_decoded_to_the_smallest_sufficient_fraction(int width, int height, int shortSide)
    {
        var decoded = ImageDecoder.Decode(Photo(width, height, SKEncodedImageFormat.Jpeg), new ImageLimits(), leastSide: 128);
        Assert.Equal(shortSide, Math.Min(decoded.Width, decoded.Height));
    }

    [Fact]
    public void Other_format_is_decoded_in_full()
    {
        var decoded = ImageDecoder.Decode(Photo(1024, 1400, SKEncodedImageFormat.Png), new ImageLimits(), leastSide: 128);
        Assert.Equal((1024, 1400), (decoded.Width, decoded.Height));
    }

    [Fact]
    public void Large_photo_differs_little_from_its_full_decode()
    {
        var file = Photo(1600, 1200, SKEncodedImageFormat.Jpeg);
        Pixels whole = Preprocessor.Fit(
            ImageDecoder.Decode(file, new ImageLimits()), Network), scaled = Preprocessor.Fit(file, new ImageLimits(), Network);
        var differences = whole.Values.Zip(scaled.Values, (a, b) => Math.Abs(a - b)).ToArray();
        Assert.InRange(differences.Average(), 1e-6, 1);
        Assert.InRange(differences.Max(), 1, 16);
    }

    [Fact]
    public void Small_photo_equals_its_full_decode()
    {
        var file = Photo(300, 200, SKEncodedImageFormat.Jpeg);
        Assert.Equal(
            Preprocessor.Fit(ImageDecoder.Decode(file, new ImageLimits()), Network).Values,
            Preprocessor.Fit(file, new ImageLimits(), Network).Values);
    }

    [Theory]
    [InlineData(640, 480, SKJpegEncoderDownsample.Downsample420)]
    [InlineData(480, 641, SKJpegEncoderDownsample.Downsample420)]
    [InlineData(701, 300, SKJpegEncoderDownsample.Downsample422)]
    [InlineData(331, 333, SKJpegEncoderDownsample.Downsample444)]
    [InlineData(1900, 1203, SKJpegEncoderDownsample.Downsample420)]
    [InlineData(1203, 1900, SKJpegEncoderDownsample.Downsample422)]
    public void Decoding_only_the_part_that_the_network_sees_changes_nothing(int width, int height, SKJpegEncoderDownsample sampling)
    {
        var network = new Preprocessing { Resize = 160, Crop = [96, 80], Interpolation = Interpolation.Bicubic };
        var file = Photo(width, height, bitmap =>
        {
            using var pixels = bitmap.PeekPixels();
            return pixels.Encode(new SKJpegEncoderOptions(90, sampling, SKJpegEncoderAlphaOption.Ignore));
        });
        Assert.Equal(
            Preprocessor.Fit(Preprocessor.Decode(file, new ImageLimits(), network), network).Values,
            Preprocessor.Fit(file, new ImageLimits(), network).Values);
    }

    [Theory]
    [InlineData("baseline", new byte[] { 0x22, 0x11, 0x11 })]
    [InlineData("progressive", new byte[] { 0x22, 0x11, 0x11 })]
    [InlineData("restarts", new byte[] { 0x22, 0x11, 0x11 })]
    [InlineData("gray", new byte[] { 0x11 })]
    [InlineData("CMYK", new byte[] { 0x11, 0x11, 0x11, 0x11 })]
    [InlineData("4:4:0", new byte[] { 0x12, 0x11, 0x11 })]
    [InlineData("4:1:1", new byte[] { 0x41, 0x11, 0x11 })]
    [InlineData("orientation", new byte[] { 0x21, 0x11, 0x11 })]
    public void Decoding_only_a_part_changes_nothing_in_any_form_of_JPEG(string form, byte[] samplings)
    {
        var network = new Preprocessing { Resize = 160, Crop = [96, 80] };
        var file = BlockJpeg.Of(301, 203, samplings, form == "progressive", restart: form == "restarts" ? 7 : 0);
        file = form == "orientation" ? ImageFiles.Oriented(file, "JPEG", 6) : file;
        var whole = Preprocessor.Decode(file, new ImageLimits(), network);
        Assert.Equal(form == "orientation" ? (203, 301) : (301, 203), (whole.Width, whole.Height));
        Assert.Equal(Preprocessor.Fit(whole, network).Values, Preprocessor.Fit(file, new ImageLimits(), network).Values);
    }

    [Fact]
    public void Photo_of_the_input_size_is_unchanged()
    {
        var (file, network) = (Photo(200, 150, SKEncodedImageFormat.Png), new Preprocessing { Crop = [150, 200] });
        Assert.Equal(ImageDecoder.Decode(file, new ImageLimits()).Values, Preprocessor.Fit(file, new ImageLimits(), network).Values);
    }

    [Fact]
    public void Handwriting_of_the_input_size_equals_its_full_decode()
    {
        var (file, network) = (
            BlackOnWhite(300), new Preprocessing { Crop = [300, 300], Color = ColorOrder.Gray, Invert = Inversion.Auto });
        Assert.Equal(
            Preprocessor.Fit(ImageDecoder.Decode(file, new ImageLimits()), network).Values,
            Preprocessor.Fit(file, new ImageLimits(), network).Values);
    }

    // A black rectangle on white, as a gray PNG.
    private static byte[] BlackOnWhite(int side)
    {
        using var bitmap = new SKBitmap(side, side, SKColorType.Gray8, SKAlphaType.Opaque);
        using var canvas = new SKCanvas(bitmap);
        canvas.Clear(SKColors.White);
        canvas.DrawRect(side / 3, side / 4, side / 3, side / 2, new SKPaint { Color = SKColors.Black });
        using var data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        return data.ToArray();
    }

    // A gradient of colours with a sharp-edged circle.
    private static byte[] Photo(int width, int height, SKEncodedImageFormat format) =>
        Photo(width, height, bitmap => bitmap.Encode(format, 95));

    private static byte[] Photo(int width, int height, Func<SKBitmap, SKData> encode)
    {
        using var bitmap = new SKBitmap(width, height);
        using var canvas = new SKCanvas(bitmap);
        using var sky = new SKPaint
        {
            Shader = SKShader.CreateLinearGradient(
            new(0, 0), new(width, height), [SKColors.SteelBlue, SKColors.Orange, SKColors.DarkGreen], SKShaderTileMode.Clamp)
        };
        using var sun = new SKPaint { Color = SKColors.Gold, IsAntialias = true };
        canvas.DrawPaint(sky);
        canvas.DrawCircle(width * 0.4f, height * 0.5f, height * 0.2f, sun);
        using var data = encode(bitmap);
        return data.ToArray();
    }
}
