using System.Buffers.Binary;

namespace Fovea.Models;

/// <summary>What the header of a PNG file promises (ISO/IEC 15948, 11.2.2).</summary>
internal static class PngHeader
{
    // Deflate's best: 258 bytes in two bits.
    private const int MostRatio = 1032;

    /// <summary>Whether so small a file can hold as many pixels as its header says; what cannot is refused before memory for them is taken.</summary>
    /// <param name="file">A file whose header was read.</param>
    public static bool CanHold(ReadOnlySpan<byte> file)
    {
        long width = BinaryPrimitives.ReadUInt32BigEndian(file[16..]), height = BinaryPrimitives.ReadUInt32BigEndian(file[20..]);
        int channels = file[25] switch { 2 => 3, 4 => 2, 6 => 4, _ => 1 };
        return width * height * file[24] * channels / 8 <= (long)file.Length * MostRatio;
    }
}
