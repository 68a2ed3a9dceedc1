using System.Text.Json;
using Fovea.Api.Problems;
using Fovea.Models.Errors;

namespace Fovea.Api.Requests;

/// <summary>The JSON of requests. All of it is read through here, so no malformed text gets further.</summary>
/// <remarks>
/// The readers of System.Text.Json check a text only when it becomes a string, and throw InvalidOperationException then. What passes here
/// holds neither invalid UTF-8 nor half of a surrogate pair, and no U+0000, which PostgreSQL does not store.
/// </remarks>
internal static class RequestJson
{
    /// <summary>How deep JSON may be nested.</summary>
    public const int MostDepth = 100;

    /// <summary>A reader of a body whose text was checked. Its syntax is checked as it is read.</summary>
    /// <param name="json">The body, or the end of a checked one.</param>
    /// <param name="expected">What the message says was expected, such as "an object".</param>
    /// <exception cref="ServiceException"><see cref="ServiceError.MalformedRequest"/>.</exception>
    public static Utf8JsonReader Reader(ReadOnlySpan<byte> json, string expected)
    {
        json = json[MarkLength(json)..];
        CheckText(json, expected);
        return new(json, new JsonReaderOptions { MaxDepth = MostDepth });
    }

    /// <summary>A body as a tree, to be disposed of before the body is.</summary>
    /// <param name="json">The body.</param>
    /// <param name="expected">What the message says was expected.</param>
    /// <exception cref="ServiceException"><see cref="ServiceError.MalformedRequest"/>: it is not JSON, or its text is
    /// malformed.</exception>
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

    /// <summary>The length of the byte order mark that some programs on Windows write before a text; 0 where there is none.</summary>
    public static int MarkLength(ReadOnlySpan<byte> json) => json.StartsWith("\uFEFF"u8) ? 3 : 0;

    /// <summary>The error of a body whose JSON is broken.</summary>
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
