using System.Buffers.Binary;

namespace Fovea.Models;

/// <summary>
/// Reads the EXIF orientation of a PNG (chunk eXIf) or a WebP (chunk EXIF). Skia reads the orientation of JPEG files only.
/// </summary>
internal static class Exif
{
    private const int OrientationTag = 0x0112;
    private const int UnsignedShort = 3;

    /// <summary>
    /// The orientation, 1 to 8, as <see cref="Fovea.Models.Orientation"/> defines it; 1, upright, if the file has none or it cannot be
    /// read. Damaged metadata are not an error.
    /// </summary>
    public static int Orientation(string format, ReadOnlySpan<byte> file) => format switch
    {
        "PNG" => OfTiff(Chunk(file[8..], "eXIf"u8, nameFirst: false, BinaryPrimitives.ReadUInt32BigEndian, trailer: _ => 4)),
        "WebP" => OfTiff(
            Chunk(file[12..], "EXIF"u8, nameFirst: true, BinaryPrimitives.ReadUInt32LittleEndian, trailer: length => length & 1)),
        _ => 1,
    };

    private delegate uint ReadLength(ReadOnlySpan<byte> bytes);

    // Both containers are a sequence of chunks: a length and a name of four bytes each (PNG) or the reverse (WebP), the data, then a
    // checksum of four bytes (PNG) or padding to an even length (WebP). Returns the data of the first chunk of a name; empty if there is
    // none.
    private static ReadOnlySpan<byte> Chunk(
        ReadOnlySpan<byte> chunks, ReadOnlySpan<byte> name, bool nameFirst, ReadLength read, Func<uint, uint> trailer)
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

    // EXIF data are a TIFF file. Its header has the byte order, the number 42, and the position of the first directory. The directory has
    // the number of its entries, then entries of 12 bytes: tag, type, count, value.
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

        bool littleEndian = tiff[0] == 'I';
        uint directory = littleEndian
            ? BinaryPrimitives.ReadUInt32LittleEndian(tiff[4..])
            : BinaryPrimitives.ReadUInt32BigEndian(tiff[4..]);
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

        int Short(ReadOnlySpan<byte> bytes) =>
            littleEndian ? BinaryPrimitives.ReadUInt16LittleEndian(bytes) : BinaryPrimitives.ReadUInt16BigEndian(bytes);
    }
}
