using System.Globalization;
using System.Text;
using Fovea.Models.Graphs;

namespace Fovea.Api.Tests.Robustness;

/// <summary>Mutates JSON, other text and bytes. Equal seeds give equal mutations.</summary>
internal sealed class JsonMutator(int seed)
{
    // Values that parsers, databases and file systems often handle wrongly, each as a piece of JSON text.
    private static readonly byte[][] Pieces =
    [
        .. new[]
        {
            "\\ud800", "\\udc00", "\\udc00\\ud800", "\\ud800\\u0041", "\\ud83d\\ude00", "\\u0000", "\\u00", "\\", "\\x", "\"", "\"\"",
            "null", "true", "-", "-0", "1e400", "-1e400", "1e-400",
            "9223372036854775808", "0.1", "1.0", "{}", "[]", "[[]]", "{", "}", "[", "]", ",", ":", "//", "/**/", "\uFEFF", "\u2028", "'",
            "NaN", "../", "..\\\\", "\\n", "%00", "; DROP TABLE", "\t",
            "\"model\":7,", "\"\\ud800\":1,", "\"id\":\"\\udfff\",", "\"metadata\":{\"\\ud800\":\"x\"},",
            "\"metadata\":{\"a\":\"\\u0000\"},", "\"suffix\":\"\\u0000\",", "\"seed\":1e99,",
        }.Select(Encoding.UTF8.GetBytes),
        [0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xC3], [0x00], [0x1F], [0x7F],
        [.. Enumerable.Repeat((byte)'[', 200)], [.. Enumerable.Repeat((byte)'x', 60_000)], [.. Enumerable.Repeat((byte)'9', 400)],
    ];

    private readonly Random random = new(seed);

    /// <summary>Returns a copy of a text with one to three mutations.</summary>
    public byte[] Spoil(string original) => Spoil(Encoding.UTF8.GetBytes(original));

    /// <summary>Returns a copy of bytes with one to three mutations.</summary>
    public byte[] Spoil(byte[] original)
    {
        var spoilt = original;
        for (int times = random.Next(1, 4); times > 0; times--)
        {
            spoilt = SpoilOnce(spoilt);
        }

        return spoilt;
    }

    /// <summary>Returns a random one of the items.</summary>
    public T OneOf<T>(params ReadOnlySpan<T> items) => items[random.Next(items.Length)];

    private byte[] SpoilOnce(byte[] bytes)
    {
        int at = random.Next(bytes.Length + 1), end = Math.Min(bytes.Length, at + random.Next(1, 12));
        var piece = Pieces[random.Next(Pieces.Length)];
        return random.Next(8) switch
        {
            0 => bytes[..at],
            1 => [.. bytes[..at], .. bytes[end..]],
            2 => [.. bytes[..end], .. bytes[at..]],
            3 => [.. bytes[..at], (byte)random.Next(256), .. bytes[Math.Min(bytes.Length, at + 1)..]],
            4 or 5 => [.. bytes[..at], .. piece, .. bytes[end..]],
            6 => Inside(bytes, piece),
            _ => [.. bytes[..at], .. piece, .. bytes[at..]],
        };
    }

    // Inserts the piece right after a quote, so that it becomes part of a text or a name.
    private byte[] Inside(byte[] bytes, byte[] piece)
    {
        int[] quotes = [.. bytes.Index().Where(b => b.Item == (byte)'"').Select(b => b.Index + 1)];
        if (quotes.Length == 0)
        {
            return [.. bytes, .. piece];
        }

        int at = quotes[random.Next(quotes.Length)];
        return [.. bytes[..at], .. piece, .. bytes[at..]];
    }

    /// <summary>Prints the first bytes in readable form, for messages of tests.</summary>
    public static string Show(byte[] bytes) =>
        string.Concat(
            bytes.Take(300).Select(b => b is >= 32 and < 127 ? $"{(char)b}" : string.Create(CultureInfo.InvariantCulture, $"<{b:x2}>")));
}
