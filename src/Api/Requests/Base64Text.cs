using System.Buffers;
using System.Buffers.Text;

namespace Fovea.Api.Requests;

/// <summary>
/// Decodes base64 in every form that clients send: with the usual alphabet or the alphabet for URLs (RFC 4648, section 5), with or without
/// line breaks and padding, and as a data: URL (RFC 2397), which browsers make of files.
/// </summary>
internal static class Base64Text
{
    /// <summary>The number of bytes that <see cref="Decode"/> may need in the array after the text.</summary>
    public const int MostPadding = 3;

    /// <summary>Decodes a text in its own array. Returns null if the text is not base64.</summary>
    /// <param name="text">
    /// The text, followed by <see cref="MostPadding"/> free bytes, into which the method writes missing padding. The method overwrites the
    /// text.
    /// </param>
    /// <param name="length">The length of the text in bytes.</param>
    public static PooledBytes? Decode(byte[] text, int length)
    {
        int start = DataStart(text.AsSpan(0, length));
        if (start < 0)
        {
            return null;
        }

        int end = Normalize(text.AsSpan(start, length - start)) + start;
        for (int missing = (4 - ((end - start) % 4)) % 4; missing > 0; missing--)
        {
            text[end++] = (byte)'=';
        }

        var bytes = PooledBytes.Write(
            Base64.GetMaxDecodedFromUtf8Length(end - start),
            buffer => Base64.DecodeFromUtf8(text.AsSpan(start, end - start), buffer, out _, out int written) == OperationStatus.Done
                ? written
                : -1);
        if (bytes.Length >= 0)
        {
            return bytes;
        }

        bytes.Dispose();
        return null;
    }

    // Returns the start of the base64 text, which in a data: URL follows the comma: data:image/png;base64,iVBOR... There may be other
    // parameters before ";base64". Returns -1 for a data: URL without base64.
    private static int DataStart(ReadOnlySpan<byte> text)
    {
        int before = text.Length - text.TrimStart(" \t\r\n"u8).Length;
        text = text[before..];
        if (text.Length < 5 || !System.Text.Ascii.EqualsIgnoreCase(text[..5], "data:"u8))
        {
            return before;
        }

        int comma = text.IndexOf((byte)',');
        return comma >= 0 && System.Text.Ascii.EqualsIgnoreCase(text[..comma][^Math.Min(comma, 7)..], ";base64"u8)
            ? before + comma + 1
            : -1;
    }

    // Rewrites the text in the usual alphabet, without white space and padding, and returns its new length. A text from a URL may have
    // three characters in place of one: %2B for +, %2F for /, %3D for =.
    private static int Normalize(Span<byte> text)
    {
        int to = 0;
        for (int from = 0; from < text.Length; from++)
        {
            byte letter = text[from];
            if (letter == '%' && from + 2 < text.Length && text[from + 1] is (byte)'2' or (byte)'3')
            {
                letter = (text[from + 1], text[from + 2] | 0x20) switch
                {
                    ((byte)'2', 'b') => (byte)'+',
                    ((byte)'2', 'f') => (byte)'/',
                    ((byte)'3', 'd') => (byte)'=',
                    _ => letter,
                };
                from += letter == '%' ? 0 : 2;
            }

            letter = letter switch { (byte)'-' => (byte)'+', (byte)'_' => (byte)'/', _ => letter };
            if (letter is not ((byte)' ' or (byte)'\t' or (byte)'\r' or (byte)'\n'))
            {
                text[to++] = letter;
            }
        }

        while (to > 0 && text[to - 1] == '=')
        {
            to--;
        }

        return to;
    }
}
