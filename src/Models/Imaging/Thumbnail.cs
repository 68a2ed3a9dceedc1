using SkiaSharp;

namespace Fovea.Models.Imaging;

/// <summary>A small copy of an image, for display in reports and galleries.</summary>
/// <param name="File">The bytes of the image file.</param>
/// <param name="MediaType">The file's media type, image/png or image/jpeg.</param>
public sealed record Thumbnail(byte[] File, string MediaType)
{
    /// <summary>The largest height or width of a thumbnail in pixels.</summary>
    public const int LargestSide = 192;

    // Images whose sides are at most MaxPngSide pixels are stored as lossless PNG, since their files are small anyway.
    private const int MaxPngSide = 64, JpegQuality = 85;

    /// <summary>
    /// Creates the thumbnail of an image: a PNG in full size if no side exceeds 64 pixels, otherwise a JPEG of quality 85, reduced so that
    /// no side exceeds 192 pixels.
    /// </summary>
    public static Thumbnail Of(Pixels image)
    {
        int side = Math.Max(image.Width, image.Height);
        double factor = Math.Min(1, (double)LargestSide / side);
        int width = Math.Max(1, (int)(image.Width * factor)), height = Math.Max(1, (int)(image.Height * factor));
        bool isPng = side <= MaxPngSide;
        using var bitmap = Bitmaps.Of(Resizer.Resize(image, width, height, new(0, 0, width, height)));
        using var file = isPng ? bitmap.Encode(SKEncodedImageFormat.Png, 100) : bitmap.Encode(SKEncodedImageFormat.Jpeg, JpegQuality);
        return new(file.ToArray(), isPng ? "image/png" : "image/jpeg");
    }
}
