using System.Runtime.InteropServices;
using Fovea.Models;
using SkiaSharp;

namespace Fovea.Training;

/// <summary>Small pictures of what a network saw.</summary>
internal static class Thumbnail
{
    private const int LargestSide = 192, Lossless = 64, JpegQuality = 85;

    /// <summary>A preprocessed image [C, H, W] as a data URI: PNG up to 64 pixels a side, else JPEG of at most 192.</summary>
    public static string DataUri(ReadOnlySpan<float> tensor, Preprocessing preprocessing)
    {
        using var picture = Picture(tensor, preprocessing);
        int side = Math.Max(picture.Width, picture.Height);
        double factor = Math.Min(1, (double)LargestSide / side);
        var size = new SKImageInfo(Math.Max(1, (int)(picture.Width * factor)), Math.Max(1, (int)(picture.Height * factor)));
        using var small = picture.Resize(size, SKFilterQuality.High);
        using var file = side <= Lossless ? picture.Encode(SKEncodedImageFormat.Png, 100) : small.Encode(SKEncodedImageFormat.Jpeg, JpegQuality);
        return $"data:image/{(side <= Lossless ? "png" : "jpeg")};base64,{Convert.ToBase64String(file.Span)}";
    }

    private static SKBitmap Picture(ReadOnlySpan<float> tensor, Preprocessing preprocessing)
    {
        var (height, width) = (preprocessing.Crop[0], preprocessing.Crop[1]);
        var picture = new SKBitmap(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque);
        int[] channels = preprocessing.Color switch { ColorOrder.Gray => [0, 0, 0], ColorOrder.Bgr => [2, 1, 0], _ => [0, 1, 2] };
        byte[] pixels = new byte[width * height * 4];
        for (int i = 0; i < width * height; i++)
        {
            for (int c = 0; c < 3; c++)
            {
                pixels[(i * 4) + c] = Value(tensor[(channels[c] * width * height) + i], channels[c], preprocessing);
            }

            pixels[(i * 4) + 3] = byte.MaxValue;
        }

        Marshal.Copy(pixels, 0, picture.GetPixels(), pixels.Length);
        return picture;
    }

    // The inverse of (value x scale - mean) / deviation.
    private static byte Value(float number, int channel, Preprocessing preprocessing)
    {
        float mean = preprocessing.Mean[channel % preprocessing.Mean.Length], deviation = preprocessing.Std[channel % preprocessing.Std.Length];
        return (byte)Math.Clamp(MathF.Round(((number * deviation) + mean) / preprocessing.Scale), byte.MinValue, byte.MaxValue);
    }
}
