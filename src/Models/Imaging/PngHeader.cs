using System.Buffers.Binary;

namespace Fovea.Models;

/// <summary>Checks the header of a PNG file (ISO/IEC 15948, 11.2.2).</summary>
internal static class PngHeader
{
    // The best compression of Deflate: two bits for 258 bytes.
    private const int MaxCompressionRatio = 1032;

    /// <summary>
    /// Whether the file is long enough for the pixels that its header declares, at the best compression possible. The check prevents that a
    /// tiny file makes the decoder allocate memory for a huge image.
    /// </summary>
    /// <param name="file">A PNG file whose header the decoder has accepted.</param>
    public static bool CanHold(ReadOnlySpan<byte> file)
    {
        long width = BinaryPrimitives.ReadUInt32BigEndian(file[16..]), height = BinaryPrimitives.ReadUInt32BigEndian(file[20..]);
        int channels = file[25] switch { 2 => 3, 4 => 2, 6 => 4, _ => 1 };
        return width * height * file[24] * channels / 8 <= (long)file.Length * MaxCompressionRatio;
    }
}
