using System.Text;

namespace Fovea.Api.Problems;

/// <summary>
/// Prepares text from clients for messages: shortens it, and replaces control characters and unpaired surrogates.
/// </summary>
internal static class ReadableText
{
    // A message has few texts from the client, and they stand between the beginning (what was found) and the end (what was expected).
    private const int MostName = 200, MostMessage = 1_000, MessageEnd = 300;

    private const string Cut = " ... ";

    /// <summary>Returns a name, shortened to 200 characters.</summary>
    public static string Of(string name) => Clean(Shortened(name, MostName));

    /// <summary>Returns the first characters of a text without replacing any.</summary>
    public static string Shortened(string text, int most) =>
        text.Length <= most ? text : $"{text[..(char.IsHighSurrogate(text[most - 1]) ? most - 1 : most)]} ...";

    /// <summary>
    /// Returns a message, shortened to 1,000 characters. The middle is cut out, because that is where a long text of the client stands.
    /// </summary>
    public static string OfMessage(string message) =>
        Clean(message.Length <= MostMessage
            ? message
            : $"{message[..(MostMessage - MessageEnd - Cut.Length)]}{Cut}{message[^MessageEnd..]}");

    private static string Clean(string text) => text.Any(c => IsControl(c) || char.IsSurrogate(c))
        ? string.Concat(text.EnumerateRunes().Select(rune => rune.IsBmp && IsControl((char)rune.Value) ? Rune.ReplacementChar : rune))
        : text;

    private static bool IsControl(char c) => char.IsControl(c) && c is not ('\n' or '\r' or '\t');
}
