using System.Runtime.InteropServices;
using SkiaSharp;

namespace Fovea.Models;

/// <summary>A small picture for people to look at.</summary>
/// <param name="File">The bytes of the image file.</param>
/// <param name="MediaType">image/png or image/jpeg.</param>
public sealed record Thumbnail(byte[] File, string MediaType)
{
    /// <summary>The longest side in pixels.</summary>
    public const int LargestSide = 192;

    // Up to this side nothing is lost; such files stay small all the same.
    private const int Lossless = 64, JpegQuality = 85;

    /// <summary>Draws an image, made smaller where it is larger: as PNG up to 64 pixels a side, else as JPEG of at most 192.</summary>
    public static Thumbnail Of(Pixels image)
    {
        int side = Math.Max(image.Width, image.Height);
        double factor = Math.Min(1, (double)LargestSide / side);
        int width = Math.Max(1, (int)(image.Width * factor)), height = Math.Max(1, (int)(image.Height * factor));
        using var picture = Picture(Resizer.Resize(image, width, height, new(0, 0, width, height)));
        using var file = side <= Lossless ? picture.Encode(SKEncodedImageFormat.Png, 100) : picture.Encode(SKEncodedImageFormat.Jpeg, JpegQuality);
        return new(file.ToArray(), side <= Lossless ? "image/png" : "image/jpeg");
    }

    private static SKBitmap Picture(Pixels image)
    {
        var picture = new SKBitmap(image.Width, image.Height, SKColorType.Rgba8888, SKAlphaType.Opaque);
        byte[] pixels = new byte[image.Width * image.Height * 4];
        for (int i = 0; i < image.Width * image.Height; i++)
        {
            for (int c = 0; c < 3; c++)
            {
                pixels[(i * 4) + c] = image.Values[(i * image.Channels) + (c % image.Channels)];
            }

            pixels[(i * 4) + 3] = byte.MaxValue;
        }

        Marshal.Copy(pixels, 0, picture.GetPixels(), pixels.Length);
        return picture;
    }
}
