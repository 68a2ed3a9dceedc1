using Fovea.Models.Imaging;
using SkiaSharp;

namespace Fovea.Models.Tests.Imaging;

/// <summary>
/// The layouts and numbers of Skia's C interface, which a new version of SkiaSharp may change, are those that ImageCodec declares.
/// </summary>
public sealed class ImageCodecTests
{
    public static TheoryData<string> Formats => ["PNG", "JPEG", "WEBP", "BMP", "GIF"];

    [Theory]
    [MemberData(nameof(Formats))]
    public void Header_is_read_as_by_SkiaSharp(string format) => AssertSame(ImageFiles.RedBlue(format));

    [Theory]
    [InlineData(SKEncodedImageFormat.Png)]
    [InlineData(SKEncodedImageFormat.Jpeg)]
    public void Gray_file_is_read_as_by_SkiaSharp(SKEncodedImageFormat format)
    {
        using var bitmap = new SKBitmap(new SKImageInfo(24, 40, SKColorType.Gray8, SKAlphaType.Opaque));
        bitmap.Erase(SKColors.Gray);
        using var data = bitmap.Encode(format, 95);
        AssertSame(data.ToArray());
    }

    [Fact]
    public void Transparency_is_read_as_by_SkiaSharp()
    {
        using var bitmap = new SKBitmap(new SKImageInfo(8, 8, SKColorType.Rgba8888, SKAlphaType.Unpremul));
        bitmap.Erase(new SKColor(10, 20, 30, 40));
        using var data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        AssertSame(data.ToArray());
    }

    private static unsafe void AssertSame(byte[] file)
    {
        using var ours = ImageCodec.Open(file);
        using var data = SKData.CreateCopy(file);
        using var theirs = SKCodec.Create(data);
        Assert.NotNull(ours);
        var info = theirs.Info;
        Assert.Equal(
            (info.Size, info.ColorType == SKColorType.Gray8, info.AlphaType == SKAlphaType.Opaque, theirs.FrameCount),
            (ours.Size, ours.IsGray, ours.IsOpaque, ours.FrameCount));
        Assert.All([1f, 0.5f, 0.25f, 0.125f], fraction => Assert.Equal(theirs.GetScaledDimensions(fraction), ours.ScaledSize(fraction)));
        var kind = WithOurColour(info);
        Assert.Equal((theirs.StartScanlineDecode(kind), theirs.ScanlineOrder), (ours.StartRows(kind, null), ours.ScanlineOrder));
    }

    private static SKImageInfo WithOurColour(SKImageInfo info) =>
        info.ColorType == SKColorType.Gray8 ? info : info.WithColorType(SKColorType.Rgba8888);
}
