using System.Text;

namespace Fovea.Api;

/// <summary>
/// Text from clients as messages repeat it: of a readable length, without control characters and halves of surrogate pairs.
/// </summary>
internal static class ReadableText
{
    // A message names at most a few of the client's texts, between what was found and what was expected.
    private const int MostName = 200, MostMessage = 1_000, MessageEnd = 300;

    private const string Cut = " ... ";

    /// <summary>A name, at most 200 characters of it.</summary>
    public static string Of(string name) => Clean(Shortened(name, MostName));

    /// <summary>The beginning of a text, as it is.</summary>
    public static string Shortened(string text, int most) =>
        text.Length <= most ? text : $"{text[..(char.IsHighSurrogate(text[most - 1]) ? most - 1 : most)]} ...";

    /// <summary>A message, at most 1,000 characters of it: its middle is cut out, where a long text of the client's stands.</summary>
    public static string OfMessage(string message) =>
        Clean(message.Length <= MostMessage
            ? message
            : $"{message[..(MostMessage - MessageEnd - Cut.Length)]}{Cut}{message[^MessageEnd..]}");

    private static string Clean(string text) => text.Any(c => IsControl(c) || char.IsSurrogate(c))
        ? string.Concat(text.EnumerateRunes().Select(rune => rune.IsBmp && IsControl((char)rune.Value) ? Rune.ReplacementChar : rune))
        : text;

    private static bool IsControl(char c) => char.IsControl(c) && c is not ('\n' or '\r' or '\t');
}
