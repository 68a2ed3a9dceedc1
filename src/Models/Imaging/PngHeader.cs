using System.Buffers.Binary;

namespace Fovea.Models.Imaging;

/// <summary>Checks the header of a PNG file (ISO/IEC 15948, 11.2.2).</summary>
internal static class PngHeader
{
    // The highest compression ratio of Deflate: 258 bytes from two bits.
    private const int MaxCompressionRatio = 1032;

    private const int InterlaceByte = 28;

    /// <summary>
    /// Returns a reason if the file is too short to hold the pixels that its header declares, even with the highest compression. Otherwise
    /// a tiny file could make the decoder allocate memory for a huge image. <c>null</c> if the file is long enough.
    /// </summary>
    /// <param name="file">A PNG file whose header the decoder has accepted.</param>
    public static string? Problem(ReadOnlySpan<byte> file)
    {
        long width = BinaryPrimitives.ReadUInt32BigEndian(file[16..]), height = BinaryPrimitives.ReadUInt32BigEndian(file[20..]);
        int channels = file[25] switch { 2 => 3, 4 => 2, 6 => 4, _ => 1 };
        return width * height * file[24] * channels / 8 <= (long)file.Length * MaxCompressionRatio ? null : "it ends before its last pixel";
    }
    /// <summary>
    /// The memory of the decoder, in bytes. For an interlaced image, it holds all pixels at the same time, with four bytes each.
    /// </summary>
    public static long DecoderBytes(ReadOnlySpan<byte> file, long pixels) =>
        file.Length > InterlaceByte && file[InterlaceByte] != 0 ? 4 * pixels : ImageDecoder.StripBytes;
}
