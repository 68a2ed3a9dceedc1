using System.Runtime.InteropServices;
using SkiaSharp;

namespace Fovea.Models;

/// <summary>
/// Turns the bytes of an image file (JPEG, PNG, WebP, BMP, the first frame of a GIF) into upright pixels on white: EXIF orientation is
/// applied, transparent pixels stand on white, 16 bits a channel become 8, values stay in the file's own colour space.
/// </summary>
public static class ImageDecoder
{
    /// <summary>Where a format can be read by rows, as many at once as stay in the processor's cache.</summary>
    internal const int StripBytes = 1 << 18;

    /// <summary>Decodes an image, known by its bytes and not by a declared type.</summary>
    /// <param name="file">The whole file.</param>
    /// <param name="limits">Held against the header: an image over them costs neither memory nor decoding.</param>
    /// <param name="leastSide">The short side in pixels that will do, of a JPEG that holds many more: it is then decoded smaller, in a fraction of the time. 0: whole.</param>
    /// <returns>1 channel where the file holds brightness alone, else 3.</returns>
    /// <exception cref="FoveaException">
    /// <see cref="ErrorCode.EmptyBody"/>, <see cref="ErrorCode.NotAnImage"/>, <see cref="ErrorCode.DamagedImage"/> or <see cref="ErrorCode.TooManyPixels"/>.
    /// </exception>
    public static Pixels Decode(ReadOnlyMemory<byte> file, ImageLimits limits, int leastSide = 0)
    {
        using var image = EncodedImage.Open(file, limits);
        return image.Decode(leastSide);
    }

    internal static unsafe Pixels Decode(SKCodec codec, SKImageInfo header, string format, int orientation, SKSizeI size, Func<int, byte[]> allocate)
    {
        var (width, height) = (size.Width, size.Height);
        bool grey = header.ColorType == SKColorType.Gray8;
        bool opaque = header.AlphaType == SKAlphaType.Opaque;
        int channels = grey ? 1 : 3;
        var upright = Orientation.Of(orientation, width, height);

        // Without a colour space values come as they are in the file, as they did for the images that networks were trained on.
        var info = new SKImageInfo(width, height, grey ? SKColorType.Gray8 : SKColorType.Rgba8888, opaque ? SKAlphaType.Opaque : SKAlphaType.Unpremul);
        var started = codec.StartScanlineDecode(info);
        if (started is not (SKCodecResult.Success or SKCodecResult.Unimplemented))
        {
            throw Damaged(format, started);
        }

        bool byRows = started == SKCodecResult.Success && codec.ScanlineOrder == SKCodecScanlineOrder.TopDown;
        int rowsAtOnce = byRows ? Math.Clamp(StripBytes / info.RowBytes, 1, height) : height;

        byte[] values = allocate(width * height * channels);
        // Native memory goes back at once, where a managed array would wait for a collection.
        byte* strip = (byte*)NativeMemory.Alloc((nuint)rowsAtOnce * (nuint)info.RowBytes);
        try
        {
            for (int y = 0; y < height; y += rowsAtOnce)
            {
                int rows = Math.Min(rowsAtOnce, height - y);
                Read(codec, format, info, byRows, (nint)strip, rows);
                var pixels = new Span<byte>(strip, rows * info.RowBytes);
                if (!opaque)
                {
                    PixelRows.ComposeOverWhite(pixels);
                }

                PixelRows.Place(pixels, width, y, upright, channels, values);
            }
        }
        finally
        {
            NativeMemory.Free(strip);
        }

        return new Pixels(upright.Width, upright.Height, channels, values);
    }

    private static void Read(SKCodec codec, string format, SKImageInfo info, bool byRows, nint strip, int rows)
    {
        var result = !byRows ? codec.GetPixels(info, strip)
            : codec.GetScanlines(strip, rows, info.RowBytes) == rows ? SKCodecResult.Success
            : SKCodecResult.IncompleteInput;
        if (result != SKCodecResult.Success)
        {
            throw Damaged(format, result);
        }
    }

    private static FoveaException Damaged(string format, SKCodecResult result) =>
        Damaged(format, result == SKCodecResult.IncompleteInput ? "it ends before its last pixel" : $"its data are corrupt ({result})");

    internal static FoveaException Damaged(string format, string why) =>
        new(ErrorCode.DamagedImage, $"The {format} is damaged: {why}. Expected a whole, intact file.");
}
