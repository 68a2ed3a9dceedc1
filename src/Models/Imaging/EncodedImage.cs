using System.Buffers;
using SkiaSharp;

namespace Fovea.Models;

/// <summary>An image file whose header is read and within the limits; its pixels are not decoded yet, and have cost nothing.</summary>
public sealed class EncodedImage : IDisposable
{
    private const int InterlaceByte = 28;

    private readonly ReadOnlyMemory<byte> file;
    private readonly MemoryHandle pinned;
    private readonly SKData data;
    private readonly SKCodec codec;

    // The codec makes another one each time that it is asked.
    private readonly SKImageInfo info;

    private EncodedImage(string format, ReadOnlyMemory<byte> file, MemoryHandle pinned, SKData data, SKCodec codec, SKImageInfo info) =>
        (Format, this.file, this.pinned, this.data, this.codec, this.info) = (format, file, pinned, data, codec, info);

    /// <summary>JPEG, PNG, WebP, BMP or GIF, told by the bytes.</summary>
    public string Format { get; }

    /// <summary>Pixels in a row of the file.</summary>
    public int Width => info.Width;

    /// <summary>Rows of the file.</summary>
    public int Height => info.Height;

    /// <summary>Reads the header of an image, known by its bytes and not by a declared type.</summary>
    /// <param name="file">The whole file; not to be changed before this is disposed of.</param>
    /// <param name="limits">Held against the header.</param>
    /// <exception cref="FoveaException">
    /// <see cref="ErrorCode.EmptyBody"/>, <see cref="ErrorCode.NotAnImage"/>, <see cref="ErrorCode.DamagedImage"/> <see cref="ErrorCode.TooManyPixels"/> or <see cref="ErrorCode.TooManyFrames"/>.
    /// </exception>
    public static unsafe EncodedImage Open(ReadOnlyMemory<byte> file, ImageLimits limits)
    {
        if (file.IsEmpty)
        {
            throw new FoveaException(ErrorCode.EmptyBody, $"The image is empty (0 bytes). Expected the bytes of a {ImageFormat.Known} file.");
        }

        string format = ImageFormat.Of(file.Span)
            ?? throw new FoveaException(ErrorCode.NotAnImage, $"The {file.Length:N0} bytes are not an image of a known format. Expected a {ImageFormat.Known} file.");
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

    /// <summary>The memory that decoding takes at its peak, in bytes: an upper bound, known before any of it is taken.</summary>
    /// <param name="leastSide">As for <see cref="Decode(int)"/>.</param>
    public long BytesToDecode(int leastSide = 0)
    {
        var size = Size(leastSide);
        long decoded = 3L * size.Width * size.Height, pixels = (long)Width * Height;

        // What cannot be read row by row: a progressive JPEG's coefficients (three of two bytes a pixel); elsewhere the canvas and a copy of it.
        return decoded + Format switch
        {
            "JPEG" => JpegMarkers.IsProgressive(file.Span) ? 6 * pixels : ImageDecoder.StripBytes,
            "PNG" => file.Length > InterlaceByte && file.Span[InterlaceByte] != 0 ? 4 * pixels : ImageDecoder.StripBytes,
            _ => 8 * pixels,
        };
    }

    /// <summary>Decodes the pixels.</summary>
    /// <param name="leastSide">The short side in pixels that will do, of a JPEG that holds many more: it is then decoded smaller, in a fraction of the time. 0: whole.</param>
    /// <returns>1 channel where the file holds brightness alone, else 3.</returns>
    /// <exception cref="FoveaException"><see cref="ErrorCode.DamagedImage"/>.</exception>
    public Pixels Decode(int leastSide = 0) => Decode(leastSide, length => GC.AllocateUninitializedArray<byte>(length));

    /// <summary>The same, into memory of the caller's, which may be longer than the pixels.</summary>
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

    // A JPEG's blocks of 8 x 8 can be decoded as n x n, of all n best for powers of two.
    private SKSizeI Size(int leastSide) => Format != "JPEG" || leastSide <= 0 ? info.Size : ((int[])[1, 2, 4, 8])
        .Select(n => codec.GetScaledDimensions(n / 8f))
        .First(size => Math.Min(size.Width, size.Height) >= leastSide || size == info.Size);
}
