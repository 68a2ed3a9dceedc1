using System.Text.Json.Serialization;
using Fovea.Api.Requests;

namespace Fovea.Api.OpenAIProtocol;

/// <summary>
/// A list, or a page of a list, in the form of OpenAI's API. A field is left out if OpenAI's list of the same entries does not have it.
/// </summary>
/// <param name="Object">Always list.</param>
/// <param name="Data">The entries.</param>
/// <param name="FirstId">The id of the first entry.</param>
/// <param name="LastId">The id of the last entry.</param>
/// <param name="HasMore">Whether more entries follow. To get them, send the id of the last entry as <c>after</c>.</param>
internal sealed record OpenAIList<T>(
    string Object,
    IReadOnlyList<T> Data,
    [property: JsonPropertyName("first_id")]
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? FirstId = null,
    [property: JsonPropertyName("last_id")]
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? LastId = null,
    [property: JsonPropertyName("has_more")]
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? HasMore = null);

/// <summary>Converts pages to lists in the form of OpenAI's API.</summary>
internal static class OpenAIList
{
    /// <summary>
    /// Converts a page to a list without the ids of its first and last entry. OpenAI's lists of jobs and events have no such ids.
    /// </summary>
    public static OpenAIList<T> Of<T>(Page<T> page) => new(page.Object, page.Data, HasMore: page.HasMore);

    /// <summary>Converts a page to a list with the ids of its first and last entry.</summary>
    /// <param name="page">The page.</param>
    /// <param name="id">Returns the id of an entry.</param>
    public static OpenAIList<T> Of<T>(Page<T> page, Func<T, string> id) =>
        page.Data is [var first, ..] ? new(page.Object, page.Data, id(first), id(page.Data[^1]), page.HasMore) : Of(page);
}

/// <summary>The answer to a deletion.</summary>
/// <param name="Id">The id of the deleted model or file.</param>
/// <param name="Object">model or file.</param>
/// <param name="Deleted">Always true, because a failed deletion is answered with an error.</param>
internal sealed record OpenAIDeletion(string Id, string Object, bool Deleted = true);
