using System.Buffers.Binary;

namespace Fovea.Models.Imaging;

/// <summary>
/// Reads the orientation of images from EXIF data, or else from XMP data, since some editors write only XMP. Damaged metadata are ignored.
/// </summary>
internal static class Exif
{
    private const int OrientationTag = 0x0112;
    private const int Byte = 1, UnsignedShort = 3, UnsignedLong = 4;
    private const byte App1 = 0xE1;

    /// <summary>
    /// The orientation of a JPEG, 1 to 8, as <see cref="Orientation"/> defines it; 1 (upright) if the file has no orientation.
    /// </summary>
    public static int OfJpeg(ReadOnlySpan<byte> file)
    {
        int? exif = null, xmp = null;
        var segments = new JpegSegments(file, headersOnly: true);
        while (segments.Next())
        {
            if (segments.Marker == App1)
            {
                exif ??= segments.Data.StartsWith("Exif\0"u8) ? OfTiff(segments.Data) : null;
                xmp ??= segments.Data.StartsWith("http://ns.adobe.com/xap/"u8) ? OfXmp(segments.Data) : null;
            }
        }

        return exif ?? xmp ?? 1;
    }

    /// <summary>
    /// The orientation of a PNG, 1 to 8; 1 if the file has none. It is in a chunk eXIf, or in a text chunk with a raw profile, as
    /// ImageMagick writes it, or with XMP data.
    /// </summary>
    public static int OfPng(ReadOnlySpan<byte> file)
    {
        int? exif = null, profile = null, xmp = null;

        // A chunk has a length and a name of four bytes each, the data, and a checksum of four bytes.
        for (var chunks = file[8..]; chunks.Length >= 8;)
        {
            uint length = BinaryPrimitives.ReadUInt32BigEndian(chunks);
            if (length > chunks.Length - 8)
            {
                break;
            }

            var name = chunks[4..8];
            var data = chunks.Slice(8, (int)length);
            if (name.SequenceEqual("eXIf"u8))
            {
                exif ??= OfTiff(data);
            }
            else if (PngText.Read(name, data) is { } text)
            {
                profile ??= OfTiff(text.Profile);
                xmp ??= OfXmp(text.Profile.Length > 0 ? text.Profile : text.Bytes);
            }

            chunks = chunks[(int)Math.Min(8 + length + 4L, chunks.Length)..];
        }

        return exif ?? profile ?? xmp ?? 1;
    }

    /// <summary>The orientation of a WebP, 1 to 8; 1 if the file has none. It is in a chunk EXIF or XMP.</summary>
    public static int OfWebP(ReadOnlySpan<byte> file)
    {
        int? exif = null, xmp = null;

        // A chunk has a name and a length of four bytes each, the data, and padding to an even length.
        for (var chunks = file[12..]; chunks.Length >= 8;)
        {
            uint length = BinaryPrimitives.ReadUInt32LittleEndian(chunks[4..]);
            if (length > chunks.Length - 8)
            {
                break;
            }

            var name = chunks[..4];
            var data = chunks.Slice(8, (int)length);
            exif ??= name.SequenceEqual("EXIF"u8) ? OfTiff(data) : null;
            xmp ??= name.SequenceEqual("XMP "u8) ? OfXmp(data) : null;
            chunks = chunks[(int)Math.Min(8 + length + (length & 1), chunks.Length)..];
        }

        return exif ?? xmp ?? 1;
    }

    // XMP is XML, with the orientation as an attribute or an element: tiff:Orientation="6" or <tiff:Orientation>6</tiff:Orientation>.
    private static int? OfXmp(ReadOnlySpan<byte> xmp)
    {
        var name = "tiff:Orientation"u8;
        for (int at; (at = xmp.IndexOf(name)) >= 0;)
        {
            xmp = xmp[(at + name.Length)..];
            var value = xmp.TrimStart(" \t\r\n=>\"'"u8);
            if (value is [>= (byte)'1' and <= (byte)'8', (byte)'"' or (byte)'\'' or (byte)'<' or (byte)' ', ..])
            {
                return value[0] - '0';
            }
        }

        return null;
    }

    // EXIF data are a TIFF file. Its header has the byte order, the number 42, and the position of the first directory. The directory has
    // the number of its entries, then entries of 12 bytes: tag, type, count, value.
    private static int? OfTiff(ReadOnlySpan<byte> tiff)
    {
        if (tiff.StartsWith("Exif\0"u8) && tiff.Length >= 6)
        {
            tiff = tiff[6..];
        }

        if (tiff.Length < 8 || !(tiff.StartsWith("II*\0"u8) || tiff.StartsWith("MM\0*"u8)))
        {
            return null;
        }

        bool littleEndian = tiff[0] == 'I';
        uint directory = Long(tiff[4..]);
        if (directory > tiff.Length - 2)
        {
            return null;
        }

        var entries = tiff[(int)directory..];
        int count = Short(entries);
        entries = entries[2..];
        for (; count > 0 && entries.Length >= 12; count--, entries = entries[12..])
        {
            if (Short(entries) == OrientationTag)
            {
                // The EXIF standard stores the orientation in two bytes, but some cameras and programs write four bytes, or one.
                uint tag = Short(entries[2..]) switch
                {
                    UnsignedShort => Short(entries[8..]),
                    UnsignedLong => Long(entries[8..]),
                    Byte => entries[8],
                    _ => 0,
                };
                return tag is >= 1 and <= 8 ? (int)tag : null;
            }
        }

        return null;

        ushort Short(ReadOnlySpan<byte> bytes) =>
            littleEndian ? BinaryPrimitives.ReadUInt16LittleEndian(bytes) : BinaryPrimitives.ReadUInt16BigEndian(bytes);

        uint Long(ReadOnlySpan<byte> bytes) =>
            littleEndian ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : BinaryPrimitives.ReadUInt32BigEndian(bytes);
    }
}
