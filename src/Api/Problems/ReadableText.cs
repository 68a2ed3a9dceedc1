using System.Text;

namespace Fovea.Api.Problems;

/// <summary>
/// Prepares text from clients for messages: shortens it, and replaces control characters and unpaired surrogates.
/// </summary>
internal static class ReadableText
{
    // A message begins with what was found and ends with what was expected, and texts from the client are in between. So a long message
    // keeps its beginning and its end.
    private const int MostName = 200, MostMessage = 1_000, MessageEnd = 300;

    private const string Cut = " ... ";

    /// <summary>Returns a name, cleaned and shortened to 200 characters.</summary>
    public static string Of(string name) => Clean(Shortened(name, MostName));

    /// <summary>Returns at most the first <paramref name="most"/> characters of a text, without replacing any.</summary>
    public static string Shortened(string text, int most) =>
        text.Length <= most ? text : $"{text[..(char.IsHighSurrogate(text[most - 1]) ? most - 1 : most)]} ...";

    /// <summary>
    /// Returns a message, cleaned and shortened to 1,000 characters. The middle is cut out, because a long text from the client is there.
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
