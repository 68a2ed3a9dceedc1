using System.IO.Compression;

namespace Fovea.Models.Imaging;

/// <summary>The content of a PNG file's text chunk, which may contain the image's orientation.</summary>
/// <param name="Bytes">The text.</param>
/// <param name="Profile">If the text is a raw profile, which is written in hexadecimal, the decoded bytes; otherwise empty.</param>
internal sealed record PngText(byte[] Bytes, byte[] Profile)
{
    // The limit of a decompressed text. EXIF data have at most 64 KiB in a JPEG, so 128 KiB in hexadecimal. XMP data may be longer.
    private const int MaximumBytes = 1 << 20;

    private const int ShortestKeyword = 1;

    private static ReadOnlySpan<byte> RawProfile => "Raw profile type "u8;

    /// <summary>
    /// Reads a chunk tEXt, zTXt or iTXt that contains a raw profile or XMP data. Returns <c>null</c> if the chunk contains neither, or is
    /// damaged.
    /// </summary>
    /// <param name="name">The name of the chunk.</param>
    /// <param name="data">The data of the chunk: a keyword, a zero byte, the fields of this kind of chunk, and the text.</param>
    public static PngText? Read(ReadOnlySpan<byte> name, ReadOnlySpan<byte> data)
    {
        int end = data.IndexOf((byte)0);
        bool isProfile = end >= ShortestKeyword && data.StartsWith(RawProfile);
        if (!isProfile && !(end >= ShortestKeyword && data[..end].SequenceEqual("XML:com.adobe.xmp"u8)))
        {
            return null;
        }

        var rest = data[(end + 1)..];
        var text = name.SequenceEqual("tEXt"u8) ? rest.ToArray()
            : name.SequenceEqual("zTXt"u8) && rest is [0, ..] ? Inflate(rest[1..])
            : name.SequenceEqual("iTXt"u8) ? International(rest)
            : null;
        return text is null ? null : new(text, isProfile ? Decode(text) : []);
    }

    // Reads the rest of an iTXt chunk: a flag for compression, the method of compression, the language and the translated keyword, each of
    // which ends with a zero byte, and the text.
    private static byte[]? International(ReadOnlySpan<byte> data)
    {
        if (data.Length < 4)
        {
            return null;
        }

        bool isCompressed = data[0] == 1;
        var rest = data[2..];
        for (int i = 0; i < 2; i++)
        {
            int end = rest.IndexOf((byte)0);
            if (end < 0)
            {
                return null;
            }

            rest = rest[(end + 1)..];
        }

        return isCompressed ? Inflate(rest) : rest.ToArray();
    }

    private static byte[]? Inflate(ReadOnlySpan<byte> packed)
    {
        try
        {
            using var zlib = new ZLibStream(new MemoryStream(packed.ToArray()), CompressionMode.Decompress);
            var text = new byte[MaximumBytes];
            int length = zlib.ReadAtLeast(text, text.Length, throwOnEndOfStream: false);
            return text[..length];
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    // A raw profile has a line with its name, a line with the number of bytes, and lines of hexadecimal digits.
    private static byte[] Decode(ReadOnlySpan<byte> text)
    {
        text = text.TrimStart("\n"u8);
        for (int line = 0; line < 2; line++)
        {
            text = text[(text.IndexOf((byte)'\n') + 1)..];
        }

        var digits = new byte[text.Length];
        int count = 0;
        foreach (byte b in text)
        {
            if (char.IsAsciiHexDigit((char)b))
            {
                digits[count++] = b;
            }
        }

        return Convert.FromHexString(digits.AsSpan(0, count & ~1));
    }
}
