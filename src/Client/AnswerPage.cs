using System.Text.Json.Serialization;

namespace Fovea.Client;

/// <summary>A page of a list.</summary>
/// <param name="Data">The entries.</param>
/// <param name="HasMore">Whether more entries follow.</param>
internal sealed record AnswerPage<T>(IReadOnlyList<T> Data, [property: JsonPropertyName("has_more")] bool HasMore);
