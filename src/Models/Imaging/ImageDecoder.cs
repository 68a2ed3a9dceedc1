using System.Runtime.InteropServices;
using Fovea.Models.Errors;
using SkiaSharp;

namespace Fovea.Models.Imaging;

/// <summary>
/// Decodes JPEG, PNG, WebP and BMP files and the first frame of GIF files. The EXIF orientation is applied, transparent pixels are composed
/// over white, and 16 bits per channel are reduced to 8. Colour profiles are ignored: values stay in the file's own colour space.
/// </summary>
public static class ImageDecoder
{
    /// <summary>
    /// The size of a strip of rows in bytes. Formats that can be read row by row are decoded in strips, and a strip of this size fits into
    /// the processor's cache.
    /// </summary>
    internal const int StripBytes = 1 << 18;

    /// <summary>Decodes an image. The format is detected from the file's bytes; a declared media type is ignored.</summary>
    /// <param name="file">The whole file.</param>
    /// <param name="limits">The limits that the header must respect. They are checked before memory for pixels is allocated.</param>
    /// <param name="leastSide">
    /// The short side that the caller needs, in pixels, as for <see cref="EncodedImage.Decode(int)"/>. Default 0: the image is decoded in
    /// full.
    /// </param>
    /// <returns>The pixels, with 1 channel if the file is gray, otherwise 3.</returns>
    /// <exception cref="FoveaException">
    /// <see cref="ErrorCode.EmptyBody"/>, <see cref="ErrorCode.NotAnImage"/>, <see cref="ErrorCode.DamagedImage"/>,
    /// <see cref="ErrorCode.TooManyPixels"/> or <see cref="ErrorCode.TooManyFrames"/>.
    /// </exception>
    public static Pixels Decode(ReadOnlyMemory<byte> file, ImageLimits limits, int leastSide = 0)
    {
        using var image = EncodedImage.Open(file, limits);
        return image.Decode(leastSide);
    }

    /// <summary>Decodes an image whose header has been read.</summary>
    /// <param name="codec">The decoder of the file.</param>
    /// <param name="format">The format's name, for messages.</param>
    /// <param name="orientation">The EXIF orientation, 1 to 8.</param>
    /// <param name="size">The size to decode to. The codec must support it.</param>
    /// <param name="allocate">Returns an array of at least this length for the pixels.</param>
    /// <param name="part">
    /// The part of an upright JPEG of this size that is decoded, which takes less time. Other pixels may keep any value. The rows below the
    /// part are not read, so damage in them is not found. A gray file is decoded as a whole. <c>null</c>: all.
    /// </param>
    internal static unsafe Pixels Decode(
        ImageCodec codec, string format, int orientation, SKSizeI size, Func<int, byte[]> allocate, PixelRectangle? part = null)
    {
        var (width, height) = (size.Width, size.Height);
        var (isGray, opaque) = (codec.IsGray, codec.IsOpaque);
        int channels = isGray ? 1 : 3;
        var upright = Orientation.Of(orientation, width, height);

        // Without a colour space, Skia does not convert the file's values. Published networks were trained on images without conversion.
        var color = isGray ? SKColorType.Gray8 : SKColorType.Rgba8888;
        var info = new SKImageInfo(width, height, color, opaque ? SKAlphaType.Opaque : SKAlphaType.Unpremul);
        part = isGray ? null : part;
        var area = part ?? new(0, 0, width, height);

        // Skia takes the columns of a part now, and its rows later. It keeps the address of this variable.
        var columns = new SKRectI(area.X, 0, area.X + area.Width, height);
        var started = codec.StartRows(info, area.Width == width ? null : &columns);
        if (part is not null && (started != SKCodecResult.Success || codec.ScanlineOrder != SKCodecScanlineOrder.TopDown))
        {
            return Decode(codec, format, orientation, size, allocate);
        }

        if (started is not (SKCodecResult.Success or SKCodecResult.Unimplemented))
        {
            throw Damaged(format, started);
        }

        // The fourth byte of a BMP's pixels is often unused and 0 in all pixels; programs then do not treat it as transparency. A BMP with
        // a fourth byte is therefore decoded as a whole, since the test needs all pixels.
        bool byRows = started == SKCodecResult.Success && codec.ScanlineOrder == SKCodecScanlineOrder.TopDown;
        int rowBytes = area.Width * info.BytesPerPixel, end = area.Y + area.Height;
        int rowsAtOnce = byRows && (opaque || format != "BMP") ? Math.Clamp(StripBytes / rowBytes, 1, area.Height) : height;

        byte[] values = allocate(width * height * channels);
        // Native memory is freed at once. A managed array of this size would stay in the large object heap until a full collection.
        byte* strip = (byte*)NativeMemory.Alloc((nuint)rowsAtOnce * (nuint)rowBytes);
        try
        {
            Skip(codec, format, area.Y);
            for (int y = area.Y; y < end; y += rowsAtOnce)
            {
                int rows = Math.Min(rowsAtOnce, end - y);
                Read(codec, format, info, byRows, (nint)strip, rows, rowBytes);
                var pixels = new Span<byte>(strip, rows * rowBytes);
                if (!opaque && !(format == "BMP" && PixelRows.AreClear(pixels)))
                {
                    PixelRows.ComposeOverWhite(pixels);
                }

                PixelRows.CopyUpright(pixels, area.Width, area.X, y, upright, channels, values);
            }
        }
        finally
        {
            NativeMemory.Free(strip);
        }

        return new Pixels(upright.Width, upright.Height, channels, values);
    }

    private static void Read(ImageCodec codec, string format, SKImageInfo info, bool byRows, nint strip, int rows, int rowBytes)
    {
        var result = !byRows ? codec.ReadAll(info, strip)
            : codec.ReadRows(strip, rows, rowBytes) == rows ? SKCodecResult.Success
            : SKCodecResult.IncompleteInput;
        if (result != SKCodecResult.Success)
        {
            throw Damaged(format, result);
        }
    }

    private static void Skip(ImageCodec codec, string format, int rows)
    {
        if (rows > 0 && !codec.SkipRows(rows))
        {
            throw Damaged(format, SKCodecResult.IncompleteInput);
        }
    }

    private static FoveaException Damaged(string format, SKCodecResult result) =>
        Damaged(format, result == SKCodecResult.IncompleteInput ? "it ends before its last pixel" : "its data are corrupt");

    /// <summary>Creates the exception for a damaged file. <paramref name="reason"/> is a clause without a full stop.</summary>
    internal static FoveaException Damaged(string format, string reason) =>
        new(ErrorCode.DamagedImage, $"The {format} is damaged: {reason}. Expected a complete, intact file.");
}
