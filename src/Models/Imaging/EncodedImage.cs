using System.Buffers;
using SkiaSharp;

namespace Fovea.Models;

/// <summary>
/// An image file whose header has been read and checked against the limits. Its pixels are not decoded, and no memory for them is
/// allocated, before <see cref="Decode(int)"/>.
/// </summary>
public sealed class EncodedImage : IDisposable
{
    // The position of the interlace method in a PNG file.
    private const int InterlaceByte = 28;

    private readonly ReadOnlyMemory<byte> file;
    private readonly MemoryHandle pinned;
    private readonly SKData data;
    private readonly SKCodec codec;

    // A copy, since the property of SKCodec creates a new object on each call.
    private readonly SKImageInfo info;

    private EncodedImage(string format, ReadOnlyMemory<byte> file, MemoryHandle pinned, SKData data, SKCodec codec, SKImageInfo info) =>
        (Format, this.file, this.pinned, this.data, this.codec, this.info) = (format, file, pinned, data, codec, info);

    /// <summary>JPEG, PNG, WebP, BMP or GIF, detected from the file's bytes.</summary>
    public string Format { get; }

    /// <summary>The width in pixels, before the EXIF orientation is applied.</summary>
    public int Width => info.Width;

    /// <summary>The height in pixels, before the EXIF orientation is applied.</summary>
    public int Height => info.Height;

    /// <summary>Reads the header of an image. The format is detected from the file's bytes; a declared media type plays no part.</summary>
    /// <param name="file">The whole file. It must not change until the object is disposed.</param>
    /// <param name="limits">The limits that the header must respect.</param>
    /// <exception cref="FoveaException">
    /// <see cref="ErrorCode.EmptyBody"/>, <see cref="ErrorCode.NotAnImage"/>, <see cref="ErrorCode.DamagedImage"/>,
    /// <see cref="ErrorCode.TooManyPixels"/> or <see cref="ErrorCode.TooManyFrames"/>.
    /// </exception>
    public static unsafe EncodedImage Open(ReadOnlyMemory<byte> file, ImageLimits limits)
    {
        if (file.IsEmpty)
        {
            throw new FoveaException(
                ErrorCode.EmptyBody, $"The image is empty (0 bytes); expected the bytes of a {ImageFormat.Known} file.");
        }

        string format = ImageFormat.Of(file.Span) ?? throw new FoveaException(
            ErrorCode.NotAnImage, $"The {file.Length:N0} bytes are not an image of a known format; expected a {ImageFormat.Known} file.");
        limits.CheckFormat(format);
        var pinned = file.Pin();
        var data = SKData.Create((nint)pinned.Pointer, file.Length);
        var codec = SKCodec.Create(data);
        try
        {
            if (codec?.Info is not { Width: > 0, Height: > 0 } info)
            {
                throw ImageDecoder.Damaged(format, "its header cannot be read");
            }

            limits.CheckSize(format, info.Width, info.Height);
            limits.CheckFrames(format, () => codec.FrameCount);
            if (format == "PNG" && !PngHeader.CanHold(file.Span))
            {
                throw ImageDecoder.Damaged(format, "it ends before its last pixel");
            }

            if (format == "JPEG" && JpegMarkers.Misplaced(file.Span) is { } marker)
            {
                throw ImageDecoder.Damaged(format, $"its data are corrupt (marker {marker} out of place)");
            }

            return new(format, file, pinned, data, codec, info);
        }
        catch
        {
            codec?.Dispose();
            data.Dispose();
            pinned.Dispose();
            throw;
        }
    }

    /// <summary>An upper bound of the memory that <see cref="Decode(int)"/> allocates at its peak, in bytes.</summary>
    /// <param name="leastSide">The argument of <see cref="Decode(int)"/>.</param>
    public long BytesToDecode(int leastSide = 0)
    {
        var size = Size(leastSide);
        long decoded = 3L * size.Width * size.Height, pixels = (long)Width * Height;

        // Formats that cannot be read in strips of rows need memory for all pixels at once: a progressive JPEG three coefficients of two
        // bytes per pixel, an interlaced PNG four bytes per pixel, the other formats a canvas of four bytes per pixel and a copy of it.
        return decoded + Format switch
        {
            "JPEG" => JpegMarkers.IsProgressive(file.Span) ? 6 * pixels : ImageDecoder.StripBytes,
            "PNG" => file.Length > InterlaceByte && file.Span[InterlaceByte] != 0 ? 4 * pixels : ImageDecoder.StripBytes,
            _ => 8 * pixels,
        };
    }

    /// <summary>Decodes the pixels, upright and over a white background.</summary>
    /// <param name="leastSide">
    /// The short side that the caller needs, in pixels. A JPEG is decoded to the smallest of 1/8, 1/4, 1/2 and its full size whose short
    /// side is at least this, which takes a fraction of the time. Other formats are always decoded in full. Default 0: in full.
    /// </param>
    /// <returns>1 channel if the file is gray, otherwise 3.</returns>
    /// <exception cref="FoveaException"><see cref="ErrorCode.DamagedImage"/>: the data are truncated or corrupt.</exception>
    public Pixels Decode(int leastSide = 0) => Decode(leastSide, length => GC.AllocateUninitializedArray<byte>(length));

    /// <summary>Decodes the pixels into an array that <paramref name="allocate"/> returns for a length. The array may be longer.</summary>
    internal Pixels Decode(int leastSide, Func<int, byte[]> allocate)
    {
        int orientation = Format == "JPEG" ? (int)codec.EncodedOrigin : Exif.Orientation(Format, file.Span);
        return ImageDecoder.Decode(codec, info, Format, orientation, Size(leastSide), allocate);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        codec.Dispose();
        data.Dispose();
        pinned.Dispose();
    }

    // A JPEG stores blocks of 8 x 8 pixels, which the decoder can decode as n x n. It has fast code for powers of two.
    private SKSizeI Size(int leastSide) => Format != "JPEG" || leastSide <= 0 ? info.Size : ((int[])[1, 2, 4, 8])
        .Select(n => codec.GetScaledDimensions(n / 8f))
        .First(size => Math.Min(size.Width, size.Height) >= leastSide || size == info.Size);
}
