using Fovea.Models.Errors;
using SkiaSharp;

namespace Fovea.Models.Imaging;

/// <summary>
/// An image file whose header has been read and checked against the limits. Only <see cref="Decode(int)"/> decodes the pixels and allocates
/// memory for them.
/// </summary>
public sealed class EncodedImage : IDisposable
{
    // The number of bytes added to a JPEG without an end marker. It is larger than the number of bytes that a decoder reads ahead.
    private const int FillerBytes = 256;

    private readonly ReadOnlyMemory<byte> file;
    private readonly ImageCodec codec;
    private readonly ImageFormat format;

    // Whether a JPEG lacks the end marker. The picture may still be complete.
    private readonly bool lacksEnd;

    private EncodedImage(ImageFormat format, ReadOnlyMemory<byte> file, ImageCodec codec)
    {
        (this.format, this.file, this.codec) = (format, file, codec);
        lacksEnd = format.LacksEnd(file.Span);
    }

    /// <summary>The name of the format: JPEG, PNG, WebP, BMP or GIF. It is detected from the file's bytes.</summary>
    public string Format => format.Name;

    /// <summary>The width in pixels, before the EXIF orientation is applied.</summary>
    public int Width => codec.Size.Width;

    /// <summary>The height in pixels, before the EXIF orientation is applied.</summary>
    public int Height => codec.Size.Height;

    /// <summary>
    /// Reads the header of an image. The format is detected from the file's bytes; a declared media type is ignored.
    /// </summary>
    /// <param name="file">The whole file. It must not change until the object is disposed.</param>
    /// <param name="limits">The limits that the header must respect.</param>
    /// <exception cref="FoveaException">
    /// <see cref="ErrorCode.EmptyBody"/>, <see cref="ErrorCode.NotAnImage"/>, <see cref="ErrorCode.DamagedImage"/>,
    /// <see cref="ErrorCode.TooManyPixels"/> or <see cref="ErrorCode.TooManyFrames"/>.
    /// </exception>
    public static EncodedImage Open(ReadOnlyMemory<byte> file, ImageLimits limits)
    {
        if (file.IsEmpty)
        {
            throw new FoveaException(
                ErrorCode.EmptyBody, $"The image is empty (0 bytes); expected the bytes of a {ImageFormat.Known} file.");
        }

        if (ImageFormat.Of(file.Span) is not { IsDecoded: true } format)
        {
            throw ImageFormat.NotDecoded(file.Span, file.Length);
        }

        limits.CheckFormat(format.Name);
        var codec = ImageCodec.Open(file);
        try
        {
            if (codec?.Size is not { Width: > 0, Height: > 0 } size)
            {
                throw format.Unsupported(file.Span) is { } kind
                    ? new FoveaException(
                        ErrorCode.NotAnImage,
                        $"The image is {kind}, which cannot be decoded; expected 8 bits in baseline or progressive form.")
                    : ImageDecoder.Damaged(format.Name, "its header cannot be read");
            }

            limits.CheckSize(format.Name, size.Width, size.Height);
            limits.CheckFrames(format.Name, codec);
            if (format.Problem(file.Span) is { } problem)
            {
                throw ImageDecoder.Damaged(format.Name, problem);
            }

            return new(format, file, codec);
        }
        catch
        {
            codec?.Dispose();
            throw;
        }
    }

    /// <summary>An upper bound of the peak memory that <see cref="Decode(int)"/> allocates, in bytes.</summary>
    /// <param name="leastSide">The argument of <see cref="Decode(int)"/>.</param>
    public long BytesToDecode(int leastSide = 0)
    {
        var size = Size(leastSide);
        long decoded = 3L * size.Width * size.Height, pixels = (long)Width * Height;
        if (lacksEnd)
        {
            decoded = (2 * decoded) + file.Length;
        }

        return decoded + format.DecoderBytes(file.Span, pixels);
    }

    /// <summary>Decodes the pixels, upright and over a white background.</summary>
    /// <param name="leastSide">
    /// The short side that the caller needs, in pixels. A JPEG is decoded to the smallest of 1/8, 1/4, 1/2 and its full size whose short
    /// side is at least this, which takes a fraction of the time. Other formats are always decoded in full. Default 0: in full.
    /// </param>
    /// <returns>The pixels, with 1 channel if the file is gray, otherwise 3.</returns>
    /// <exception cref="FoveaException"><see cref="ErrorCode.DamagedImage"/>: the data are truncated or corrupt.</exception>
    public Pixels Decode(int leastSide = 0) => Decode(leastSide, length => GC.AllocateUninitializedArray<byte>(length));

    /// <summary>
    /// Decodes the pixels into an array from <paramref name="allocate"/>, whose argument is the required length. The array may be longer.
    /// </summary>
    /// <param name="leastSide">The short side that the caller needs, in pixels.</param>
    /// <param name="allocate">Returns an array of at least this length.</param>
    /// <param name="needed">
    /// Returns the part that the caller needs of an image of this width and height. A JPEG may be decoded in this part only: the values of
    /// other pixels are then whatever the array held before. Default <c>null</c>: the whole image.
    /// </param>
    internal Pixels Decode(int leastSide, Func<int, byte[]> allocate, Func<int, int, PixelRectangle>? needed = null)
    {
        if (lacksEnd)
        {
            return DecodeUnended(leastSide, allocate);
        }

        var size = Size(leastSide);
        int orientation = format.Orientation(file.Span);
        PixelRectangle? part = format.IsScaled && orientation is not (>= 2 and <= 8) && needed is not null
            ? Widened(needed(size.Width, size.Height), size)
            : null;
        return ImageDecoder.Decode(codec, Format, orientation, size, allocate, part);
    }

    // The decoder interpolates colours from their neighbours, which it lacks at the edge of a part. So a part is wider than needed.
    private static PixelRectangle Widened(PixelRectangle part, SKSizeI size)
    {
        const int Block = 16;
        int left = Math.Max(0, ((part.X / Block) - 1) * Block), top = Math.Max(0, ((part.Y / Block) - 1) * Block);
        int right = Math.Min(size.Width, ((part.X + part.Width + (2 * Block) - 1) / Block) * Block);
        int bottom = Math.Min(size.Height, ((part.Y + part.Height + (2 * Block) - 1) / Block) * Block);
        return new(left, top, right - left, bottom - top);
    }

    // Decodes a JPEG without an end marker twice: with filler bytes and the marker added, and with other filler bytes and the marker added.
    // If the picture is complete, the decoder reads no filler, and the pixels of both are equal. If data are missing, the decoder reads
    // filler as data, and the pixels differ.
    private Pixels DecodeUnended(int leastSide, Func<int, byte[]> allocate)
    {
        var whole = file.Span[^1] == 0xFF ? file[..^1] : file;
        var pixels = DecodeEnded(0x00, allocate);
        var same = DecodeEnded(0xAA, length => new byte[length]);
        int length = pixels.Width * pixels.Height * pixels.Channels;
        return JpegMarkers.HasAllScans(whole.Span) && pixels.Values.AsSpan(0, length).SequenceEqual(same.Values.AsSpan(0, length))
            ? pixels
            : throw ImageDecoder.Damaged(Format, "it ends before its last pixel");

        Pixels DecodeEnded(byte filler, Func<int, byte[]> allocate)
        {
            byte[] ended = [.. whole.Span, .. Enumerable.Repeat(filler, FillerBytes), 0xFF, JpegSegments.EndOfImage];
            using var decoder = ImageCodec.Open(ended) ?? throw ImageDecoder.Damaged(Format, "its header cannot be read");
            return ImageDecoder.Decode(decoder, Format, format.Orientation(file.Span), Size(leastSide), allocate);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => codec.Dispose();

    // The size to which the image is decoded. A JPEG stores blocks of 8 x 8 pixels. The decoder can decode a block as n x n pixels, and has
    // fast code for n = 1, 2, 4 and 8.
    private SKSizeI Size(int leastSide) => !format.IsScaled || leastSide <= 0 ? codec.Size : ((int[])[1, 2, 4, 8])
        .Select(n => codec.ScaledSize(n / 8f))
        .First(size => Math.Min(size.Width, size.Height) >= leastSide || size == codec.Size);
}
