using System.Buffers.Binary;

namespace Fovea.Models;

/// <summary>
/// Finds the orientation that a PNG (chunk eXIf) or a WebP (chunk EXIF) carries. Skia tells a JPEG's, but not theirs.
/// </summary>
internal static class Exif
{
    private const int OrientationTag = 0x0112;
    private const int UnsignedShort = 3;

    /// <summary>The orientation tag, 1 to 8; 1 where there is none or it cannot be read, which is no reason to refuse an image.</summary>
    public static int Orientation(string format, ReadOnlySpan<byte> file) => format switch
    {
        "PNG" => OfTiff(Chunk(file[8..], "eXIf"u8, nameFirst: false, BinaryPrimitives.ReadUInt32BigEndian, trailer: _ => 4)),
        "WebP" => OfTiff(Chunk(file[12..], "EXIF"u8, nameFirst: true, BinaryPrimitives.ReadUInt32LittleEndian, trailer: length => length & 1)),
        _ => 1,
    };

    private delegate uint ReadLength(ReadOnlySpan<byte> bytes);

    // Both containers are a row of chunks: a length and a name of four bytes each, the data, then a checksum (PNG) or padding to even (WebP).
    private static ReadOnlySpan<byte> Chunk(ReadOnlySpan<byte> chunks, ReadOnlySpan<byte> name, bool nameFirst, ReadLength read, Func<uint, uint> trailer)
    {
        while (chunks.Length >= 8)
        {
            uint length = read(nameFirst ? chunks[4..] : chunks);
            var found = nameFirst ? chunks[..4] : chunks[4..8];
            chunks = chunks[8..];
            if (length > chunks.Length)
            {
                break;
            }

            if (found.SequenceEqual(name))
            {
                return chunks[..(int)length];
            }

            chunks = chunks[(int)Math.Min(length + (long)trailer(length), chunks.Length)..];
        }

        return [];
    }

    // A TIFF header (byte order, 42, where the first directory is), then that directory: a count and entries of 12 bytes (tag, type, count, value).
    private static int OfTiff(ReadOnlySpan<byte> tiff)
    {
        if (tiff.StartsWith("Exif\0\0"u8))
        {
            tiff = tiff[6..];
        }

        if (tiff.Length < 8 || !(tiff.StartsWith("II*\0"u8) || tiff.StartsWith("MM\0*"u8)))
        {
            return 1;
        }

        bool little = tiff[0] == 'I';
        uint directory = little ? BinaryPrimitives.ReadUInt32LittleEndian(tiff[4..]) : BinaryPrimitives.ReadUInt32BigEndian(tiff[4..]);
        if (directory > tiff.Length - 2)
        {
            return 1;
        }

        var entries = tiff[(int)directory..];
        int count = Short(entries);
        entries = entries[2..];
        for (; count > 0 && entries.Length >= 12; count--, entries = entries[12..])
        {
            if (Short(entries) == OrientationTag && Short(entries[2..]) == UnsignedShort)
            {
                return Short(entries[8..]) is >= 1 and <= 8 and int tag ? tag : 1;
            }
        }

        return 1;

        int Short(ReadOnlySpan<byte> bytes) => little ? BinaryPrimitives.ReadUInt16LittleEndian(bytes) : BinaryPrimitives.ReadUInt16BigEndian(bytes);
    }
}
