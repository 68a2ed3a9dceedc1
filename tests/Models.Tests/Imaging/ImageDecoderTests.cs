using Fovea.Models.Imaging;
using SkiaSharp;

namespace Fovea.Models.Tests.Imaging;

public class ImageDecoderTests
{
    private static readonly ImageLimits Limits = new();

    private static readonly string[] WithExif = ["JPEG", "PNG", "WebP"];

    [Theory, InlineData("JPEG"), InlineData("PNG"), InlineData("WebP"), InlineData("BMP"), InlineData("GIF")]
    public void Each_format_is_decoded_with_its_colours(string format)
    {
        var image = ImageDecoder.Decode(ImageFiles.RedBlue(format), Limits);
        Assert.Equal(image.Width * image.Height * 3, image.Values.Length);
        Near([255, 0, 0], At(image, 0, 0), 4);
        Near([0, 0, 255], At(image, image.Width - 1, image.Height - 1), 4);
    }

    [Fact]
    public void First_frame_of_a_GIF_is_decoded() =>
        Assert.Equal<byte>([255, 0, 0, 0, 0, 255], ImageDecoder.Decode(ImageFiles.RedBlue("GIF"), Limits).Values);

    [Fact]
    public void Last_row_of_a_BMP_file_is_the_top_row()
    {
        byte[] file = ImageFiles.RedBlue("BMP");
        file.AsSpan(54 + (15 * 32 * 3), 32 * 3).Fill(200);
        Assert.Equal<byte>([200, 200, 200], At(ImageDecoder.Decode(file, Limits), 0, 0));
    }

    public static TheoryData<string, int> Orientations =>
        new(from format in WithExif from tag in Enumerable.Range(1, 8) select new TheoryDataRow<string, int>(format, tag));

    // The file has a red, a green, a blue and a black quarter. By EXIF 2.3, the orientation gives the sides of the upright image on which
    // row 0 and column 0 of the file are. For each orientation, seen has the quarters of the upright image, row by row.
    [Theory, MemberData(nameof(Orientations))]
    public void Orientation_is_applied(string format, int tag)
    {
        using var bitmap = new SKBitmap(64, 32);
        SKColor[] quarters = [SKColors.Red, SKColors.Lime, SKColors.Blue, SKColors.Black];
        for (int i = 0; i < 64 * 32; i++)
        {
            bitmap.SetPixel(i % 64, i / 64, quarters[(i / 64 / 16 * 2) + (i % 64 / 32)]);
        }

        string[] seen = ["", "RGBK", "GRKB", "KBGR", "BKRG", "RBGK", "BRKG", "KGBR", "GKRB"];
        byte[] file = ImageFiles.Encode(bitmap.Copy(), Enum.Parse<SKEncodedImageFormat>(format, ignoreCase: true));
        var image = ImageDecoder.Decode(ImageFiles.Oriented(file, format, tag), Limits);
        Assert.Equal(tag < 5 ? (64, 32) : (32, 64), (image.Width, image.Height));
        var (x, y) = (image.Width / 4, image.Height / 4);
        Assert.Equal(seen[tag], string.Concat(Name(x, y), Name(3 * x, y), Name(x, 3 * y), Name(3 * x, 3 * y)));

        char Name(int px, int py) =>
            At(image, px, py) switch { [> 128, _, _] => 'R', [_, > 128, _] => 'G', [_, _, > 128] => 'B', _ => 'K' };
    }

    [Fact]
    public void Rotated_image_of_several_strips_is_complete()
    {
        byte[] file = ImageFiles.Encode(ImageFiles.RedBlue(1000, 400), SKEncodedImageFormat.Jpeg);
        var upright = ImageDecoder.Decode(ImageFiles.Oriented(file, "JPEG", 1), Limits);
        var turned = ImageDecoder.Decode(ImageFiles.Oriented(file, "JPEG", 6), Limits);
        foreach (var (x, y) in new[] { (0, 0), (999, 0), (0, 399), (999, 399), (480, 200), (520, 333) })
        {
            Assert.Equal(At(upright, x, y), At(turned, 399 - y, x));
        }
    }

    [Fact]
    public void Transparent_pixels_are_composed_over_white()
    {
        byte[] rows = [0, 200, 0, 0, 255, 200, 0, 0, 128, 200, 0, 0, 0];
        var image = ImageDecoder.Decode(ImageFiles.Png(3, 1, 8, 6, rows), Limits);
        // 200 x 128/255 + 127 = 227.4 and 0 x 128/255 + 127.
        Assert.Equal<byte>([200, 0, 0, 227, 127, 127, 255, 255, 255], image.Values);
    }

    [Fact]
    public void Gray_with_alpha_is_composed_over_white() =>
        Assert.Equal<byte>(
            [10, 10, 10, 255, 255, 255], ImageDecoder.Decode(ImageFiles.Png(2, 1, 8, 4, [0, 10, 255, 10, 0]), Limits).Values);

    [Fact]
    public void Gray_image_has_one_channel()
    {
        var image = ImageDecoder.Decode(ImageFiles.Png(3, 2, 8, 0, [0, 1, 2, 3, 0, 4, 5, 6]), Limits);
        Assert.Equal(1, image.Channels);
        Assert.Equal<byte>([1, 2, 3, 4, 5, 6], image.Values);
    }

    [Fact]
    public void One_bit_gray_becomes_0_and_255() =>
        Assert.Equal<byte>([255, 0, 255, 0, 0, 0, 0, 255], ImageDecoder.Decode(ImageFiles.Png(8, 1, 1, 0, [0, 0b10100001]), Limits).Values);

    [Fact]
    public void Sixteen_bits_are_reduced_to_the_upper_eight()
    {
        Assert.Equal<byte>([0x12, 0xFF], ImageDecoder.Decode(ImageFiles.Png(2, 1, 16, 0, [0, 0x12, 0x34, 0xFF, 0xFF]), Limits).Values);
        byte[] color = ImageFiles.Png(1, 1, 16, 2, [0, 0x12, 0x34, 0x56, 0x30, 0x9A, 0x10]);
        Assert.Equal<byte>([0x12, 0x56, 0x9A], ImageDecoder.Decode(color, Limits).Values);
    }

    [Fact]
    public void Palette_indices_become_colours() => Assert.Equal<byte>(
        [9, 8, 7, 1, 2, 3], ImageDecoder.Decode(ImageFiles.Png(2, 1, 8, 3, [0, 1, 0], ("PLTE", [1, 2, 3, 9, 8, 7])), Limits).Values);

    [Fact]
    public void CMYK_becomes_RGB() =>
        Near([255, 0, 0], At(ImageDecoder.Decode(ImageFiles.CmykRed, Limits), 3, 3), 2);

    [Theory, InlineData(3), InlineData(4), InlineData(5), InlineData(6), InlineData(7), InlineData(33)]
    public void Row_of_any_width_is_packed(int width)
    {
        byte[] values = [.. Enumerable.Range(0, width * 3).Select(i => (byte)(i * 2))];
        Assert.Equal(values, ImageDecoder.Decode(ImageFiles.Png(width, 1, 8, 2, [0, .. values]), Limits).Values);
    }

    internal static byte[] At(Pixels image, int x, int y) => image.Values.AsSpan(((y * image.Width) + x) * 3, 3).ToArray();

    private static void Near(byte[] expected, byte[] actual, int tolerance) =>
        Assert.All(expected.Zip(actual), pair => Assert.InRange(pair.Second, pair.First - tolerance, pair.First + tolerance));
}
