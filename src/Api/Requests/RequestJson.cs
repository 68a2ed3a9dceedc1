using System.Text.Json;
using Fovea.Api.Problems;
using Fovea.Models.Errors;

namespace Fovea.Api.Requests;

/// <summary>Checks and reads the JSON of requests. All JSON from clients is read through this class.</summary>
/// <remarks>
/// System.Text.Json checks a text only when the text becomes a string, and then throws InvalidOperationException. This class refuses
/// invalid UTF-8, half surrogate pairs, and the character U+0000, which PostgreSQL does not store.
/// </remarks>
internal static class RequestJson
{
    /// <summary>The largest nesting depth of JSON.</summary>
    public const int MostDepth = 100;

    /// <summary>Checks the characters of a body, and returns a reader, which checks the syntax while it reads.</summary>
    /// <param name="json">The body, or the end of a body that was checked already.</param>
    /// <param name="expected">The end of the message after "expected", such as "an object".</param>
    /// <exception cref="ServiceException"><see cref="ServiceError.MalformedRequest"/>: the text is malformed.</exception>
    public static Utf8JsonReader Reader(ReadOnlySpan<byte> json, string expected)
    {
        json = json[MarkLength(json)..];
        CheckText(json, expected);
        return new(json, new JsonReaderOptions { MaxDepth = MostDepth });
    }

    /// <summary>Parses a body into a tree. Dispose of the tree before the body.</summary>
    /// <param name="json">The body.</param>
    /// <param name="expected">The end of the message after "expected", such as "an object".</param>
    /// <exception cref="ServiceException"><see cref="ServiceError.MalformedRequest"/>: the body is not JSON, or its text is malformed.
    /// </exception>
    public static JsonDocument Parse(ReadOnlyMemory<byte> json, string expected)
    {
        json = json[MarkLength(json.Span)..];
        CheckText(json.Span, expected);
        try
        {
            return JsonDocument.Parse(json);
        }
        catch (JsonException e)
        {
            throw NotJson(e, expected);
        }
    }

    /// <summary>
    /// Returns the length of the byte order mark, which some programs on Windows write before a text; 0 if there is none.
    /// </summary>
    public static int MarkLength(ReadOnlySpan<byte> json) => json.StartsWith("\uFEFF"u8) ? 3 : 0;

    /// <summary>Returns the error for a body that is not JSON.</summary>
    public static ServiceException NotJson(JsonException cause, string expected) =>
        new(ServiceError.MalformedRequest, $"The body is not JSON: {cause.Message.TrimEnd('.')}; expected {expected}.", cause);

    private static void CheckText(ReadOnlySpan<byte> json, string expected)
    {
        if (JsonText.WhyNot(json) is { } reason)
        {
            throw new ServiceException(ServiceError.MalformedRequest, $"The body is not JSON: {reason}; expected {expected}.");
        }
    }
}
