using System.Diagnostics;
using System.Text;
using Fovea.Models.Errors;
using Fovea.Models.Imaging;
using SkiaSharp;

namespace Fovea.Models.Tests.Imaging;

public class ImageDecoderErrorTests
{
    private static readonly ImageLimits Limits = new();

    private static readonly string[] Formats = ["JPEG", "PNG", "WebP", "BMP", "GIF"];

    private static readonly int[] Percentages = [25, 60, 80];

    [Fact]
    public void Empty_file_gives_empty_body() => Assert.Equal(ErrorCode.EmptyBody, Error([]).Code);

    [Theory]
    [InlineData("<html><body>404</body></html>")]
    [InlineData("BMW makes cars, and this is no bitmap of one.")]
    [InlineData("RIFF\x10\0\0\0WAVEfmt ")]
    [InlineData("GIF90a is a version of no GIF")]
    [InlineData("\0")]
    public void Other_bytes_are_not_an_image(string text)
    {
        var error = Error(Encoding.Latin1.GetBytes(text));
        Assert.Equal(ErrorCode.NotAnImage, error.Code);
        Assert.Contains("JPEG, PNG, WebP, BMP or GIF", error.Message, StringComparison.Ordinal);
    }

    // Skia can decode these formats, but they are not among the five: an icon that contains a PNG, and a wireless bitmap of 8 x 1.
    [Fact]
    public void Other_format_that_Skia_can_decode_is_not_an_image()
    {
        byte[] png = ImageFiles.RedBlue("PNG");
        byte[] icon = [0, 0, 1, 0, 1, 0, 32, 16, 0, 0, 1, 0, 32, 0, .. BitConverter.GetBytes(png.Length), 22, 0, 0, 0, .. png];
        Assert.NotNull(SKBitmap.Decode(icon));
        Assert.Equal(ErrorCode.NotAnImage, Error(icon).Code);
        Assert.Equal(ErrorCode.NotAnImage, Error([0, 0, 8, 1, 0xAA]).Code);
    }

    public static TheoryData<string, int> Cuts =>
        new(from format in Formats from percent in Percentages select new TheoryDataRow<string, int>(format, percent));

    [Theory, MemberData(nameof(Cuts))]
    public void Truncated_file_is_damaged(string format, int percent)
    {
        byte[] file = ImageFiles.RedBlue(format);
        // The GIF has 64 bytes, and its first frame ends at byte 46.
        int length = (format == "GIF" ? 46 : file.Length) * percent / 100;
        var error = Error(file[..length]);
        Assert.Equal(ErrorCode.DamagedImage, error.Code);
        Assert.Contains(format, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Corrupt_png_data_are_damaged()
    {
        byte[] file = ImageFiles.RedBlue("PNG");
        int data = file.AsSpan().IndexOf("IDAT"u8);
        file.AsSpan(data + 8, 8).Fill(0x55);
        Assert.Equal(ErrorCode.DamagedImage, Error(file).Code);
    }

    [Theory, InlineData(0x69), InlineData(0xD3), InlineData(0x01)]
    public void Misplaced_marker_in_JPEG_data_is_damaged(byte marker)
    {
        byte[] file = ImageFiles.Encode(ImageFiles.RedBlue(400, 300), SKEncodedImageFormat.Jpeg);
        (file[^100], file[^99]) = (0xFF, marker);
        var error = Error(file);
        Assert.Equal(ErrorCode.DamagedImage, error.Code);
        Assert.Contains($"FF{marker:X2}", error.Message, StringComparison.Ordinal);
    }

    [Theory, InlineData(0, 16), InlineData(32, 0), InlineData(-1, 16)]
    public void PNG_without_pixels_is_damaged(int width, int height) =>
        Assert.Equal(ErrorCode.DamagedImage, Error(ImageFiles.Png(width, height, 8, 2, [0])).Code);

    [Fact]
    public void PNG_too_short_for_the_pixels_of_its_header_is_damaged() =>
        Assert.Equal(ErrorCode.DamagedImage, Error(ImageFiles.Png(3000, 3000, 8, 2, new byte[9001])).Code);

    [Theory, InlineData(10_000, 10_000), InlineData(60_000, 60_000), InlineData(16_385, 1), InlineData(1, 16_385)]
    public void Image_over_the_limits_is_refused_without_decoding(int width, int height)
    {
        byte[] file = ImageFiles.Png(width, height, 8, 2, [0]);
        Error(file);
        long before = GC.GetAllocatedBytesForCurrentThread(), start = Stopwatch.GetTimestamp();
        var error = Error(file);
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalMilliseconds, 0, 500);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
        Assert.Equal(ErrorCode.TooManyPixels, error.Code);
        Assert.Contains(width.ToString("N0", null), error.Message, StringComparison.Ordinal);
        long limit = Math.Max(width, height) > Limits.Side ? Limits.Side : Limits.Pixels;
        Assert.Contains(limit.ToString("N0", null), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Limits_are_inclusive()
    {
        byte[] file = ImageFiles.RedBlue("PNG");
        Assert.Equal(32, ImageDecoder.Decode(file, new ImageLimits(32 * 16, 32)).Width);
        Assert.Equal(ErrorCode.TooManyPixels, Error(file, new ImageLimits((32 * 16) - 1, 32)).Code);
        Assert.Equal(ErrorCode.TooManyPixels, Error(file, new ImageLimits(32 * 16, 31)).Code);
    }

    // Three random bytes are changed. The file must be decoded or refused; other exceptions are errors.
    [Theory, InlineData("JPEG"), InlineData("PNG"), InlineData("WebP"), InlineData("BMP"), InlineData("GIF")]
    public void File_with_random_bytes_is_decoded_or_refused(string format)
    {
        byte[] whole = ImageFiles.Oriented(ImageFiles.RedBlue(format), format is "BMP" or "GIF" ? "JPEG" : format, 6);
        whole = format is "BMP" or "GIF" ? ImageFiles.RedBlue(format) : whole;
        var random = new Random(7);
        for (int i = 0; i < 200; i++)
        {
            byte[] file = (byte[])whole.Clone();
            for (int change = 0; change < 3; change++)
            {
                file[random.Next(file.Length)] = (byte)random.Next(256);
            }

            try
            {
                var image = ImageDecoder.Decode(file, new ImageLimits(1_000_000));
                Assert.Equal(image.Width * image.Height * image.Channels, image.Values.Length);
            }
            catch (FoveaException error)
            {
                Assert.Contains(error.Code, new[] { ErrorCode.NotAnImage, ErrorCode.DamagedImage, ErrorCode.TooManyPixels });
            }
        }
    }

    private static FoveaException Error(byte[] file, ImageLimits? limits = null) =>
        Assert.Throws<FoveaException>(() => ImageDecoder.Decode(file, limits ?? Limits));
}
