using SkiaSharp;

namespace Fovea.Models.Imaging;

/// <summary>Converts pixels to PNG files and to bitmaps of the graphics library Skia.</summary>
public static class Bitmaps
{
    // A zlib compression level, 0 to 9. Level 3 takes a third of the time of level 9, and the PNG files of photos are hardly larger.
    private const int PngLevel = 3;

    /// <summary>Encodes pixels as a PNG file of the same size, in red, green and blue.</summary>
    /// <param name="image">The pixels, with one channel or three.</param>
    public static byte[] ToPng(Pixels image)
    {
        using var bitmap = Of(image);
        using var pixels = bitmap.PeekPixels();
        using var file = pixels.Encode(new SKPngEncoderOptions(SKPngEncoderFilterFlags.Sub, PngLevel));
        return file.ToArray();
    }

    /// <summary>Copies pixels to a bitmap. The caller disposes it.</summary>
    /// <param name="image">The pixels, with one channel or three.</param>
    internal static unsafe SKBitmap Of(Pixels image)
    {
        var bitmap = new SKBitmap(image.Width, image.Height, SKColorType.Rgba8888, SKAlphaType.Opaque);
        var pixels = new Span<byte>((void*)bitmap.GetPixels(), bitmap.ByteCount);
        ReadOnlySpan<byte> values = image.Values;
        bool isGray = image.Channels == 1;
        for (int to = 0, from = 0; to < image.Width * image.Height * 4; to += 4, from += image.Channels)
        {
            pixels[to] = values[from];
            pixels[to + 1] = values[isGray ? from : from + 1];
            pixels[to + 2] = values[isGray ? from : from + 2];
            pixels[to + 3] = byte.MaxValue;
        }

        return bitmap;
    }
}
