using System.Runtime.InteropServices;
using SkiaSharp;

namespace Fovea.Models;

/// <summary>
/// Turns the bytes of an image file (JPEG, PNG, WebP, BMP, the first frame of a GIF) into upright pixels on white: EXIF orientation is
/// applied, transparent pixels stand on white, 16 bits a channel become 8, values stay in the file's own colour space.
/// </summary>
public static class ImageDecoder
{
    // Where a format can be read by rows, as many at once as stay in the processor's cache.
    private const int StripBytes = 1 << 18;

    /// <summary>Decodes an image, known by its bytes and not by a declared type.</summary>
    /// <param name="file">The whole file.</param>
    /// <param name="limits">Held against the header: an image over them costs neither memory nor decoding.</param>
    /// <param name="leastSide">The short side in pixels that will do, of a JPEG that holds many more: it is then decoded smaller, in a fraction of the time. 0: whole.</param>
    /// <returns>1 channel where the file holds brightness alone, else 3.</returns>
    /// <exception cref="FoveaException">
    /// <see cref="ErrorCode.EmptyBody"/>, <see cref="ErrorCode.NotAnImage"/>, <see cref="ErrorCode.DamagedImage"/> or <see cref="ErrorCode.TooManyPixels"/>.
    /// </exception>
    public static unsafe Pixels Decode(ReadOnlyMemory<byte> file, ImageLimits limits, int leastSide = 0)
    {
        if (file.IsEmpty)
        {
            throw new FoveaException(ErrorCode.EmptyBody, $"The image is empty (0 bytes). Expected the bytes of a {ImageFormat.Known} file.");
        }

        string format = ImageFormat.Of(file.Span)
            ?? throw new FoveaException(ErrorCode.NotAnImage, $"The {file.Length:N0} bytes are not an image of a known format. Expected a {ImageFormat.Known} file.");
        using var pinned = file.Pin();
        using var data = SKData.Create((nint)pinned.Pointer, file.Length);
        using var codec = SKCodec.Create(data);
        if (codec is null || codec.Info is not { Width: > 0, Height: > 0 })
        {
            throw Damaged(format, "its header cannot be read");
        }

        Check(format, codec.Info.Width, codec.Info.Height, limits);
        if (format == "JPEG" && JpegMarkers.Misplaced(file.Span) is { } marker)
        {
            throw Damaged(format, $"its data are corrupt (marker {marker} out of place)");
        }

        int orientation = format == "JPEG" ? (int)codec.EncodedOrigin : Exif.Orientation(format, file.Span);
        return Decode(codec, format, orientation, format == "JPEG" && leastSide > 0 ? Scaled(codec, leastSide) : codec.Info.Size);
    }

    private static void Check(string format, int width, int height, ImageLimits limits)
    {
        if (width > limits.Side || height > limits.Side)
        {
            throw new FoveaException(ErrorCode.TooManyPixels, $"The {format} is {width:N0} x {height:N0} pixels. Expected at most {limits.Side:N0} a side.");
        }

        // Four bytes a pixel are held while decoding, in one block.
        long most = Math.Min(limits.Pixels, Array.MaxLength / 4);
        if ((long)width * height > most)
        {
            throw new FoveaException(
                ErrorCode.TooManyPixels,
                $"The {format} is {width:N0} x {height:N0} = {(long)width * height:N0} pixels. Expected at most {most:N0}.");
        }
    }

    // A JPEG's blocks of 8 x 8 can be decoded as n x n, of all n best for powers of two.
    private static SKSizeI Scaled(SKCodec codec, int leastSide) => ((int[])[1, 2, 4, 8])
        .Select(n => codec.GetScaledDimensions(n / 8f))
        .First(size => Math.Min(size.Width, size.Height) >= leastSide || size == codec.Info.Size);

    private static unsafe Pixels Decode(SKCodec codec, string format, int orientation, SKSizeI size)
    {
        var (width, height) = (size.Width, size.Height);
        bool grey = codec.Info.ColorType == SKColorType.Gray8;
        bool opaque = codec.Info.AlphaType == SKAlphaType.Opaque;
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

        byte[] values = GC.AllocateUninitializedArray<byte>(width * height * channels);
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

    private static FoveaException Damaged(string format, string why) =>
        new(ErrorCode.DamagedImage, $"The {format} is damaged: {why}. Expected a whole, intact file.");
}
