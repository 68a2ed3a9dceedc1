using System.Globalization;
using System.Text.Json.Serialization;
using Fovea.Models;

namespace Fovea.Api;

/// <summary>Some of a list, in the shape of OpenAI's lists.</summary>
/// <param name="Object">Always list.</param>
/// <param name="Data">The entries.</param>
/// <param name="HasMore">Whether more follow: ask again with <c>after</c> the last one's name.</param>
internal sealed record Page<T>(string Object, IReadOnlyList<T> Data, [property: JsonPropertyName("has_more")] bool HasMore);

/// <summary>Makes pages.</summary>
internal static class Page
{
    private const int Default = 20, Most = 100;

    /// <summary>The page behind the entry named <paramref name="after"/>, else the first.</summary>
    /// <param name="all">The whole list.</param>
    /// <param name="name">An entry's name.</param>
    /// <param name="after">The last entry of the page before.</param>
    /// <param name="limit">How many entries, 1 to 100; by default 20.</param>
    /// <exception cref="FoveaException"><see cref="ErrorCode.MalformedRequest"/>: the limit is out of its range, or there is no such entry.</exception>
    public static Page<T> Of<T>(IReadOnlyList<T> all, Func<T, string> name, string? after, string? limit)
    {
        int count = Limit(limit);
        int start = string.IsNullOrEmpty(after) ? 0 : all.TakeWhile(entry => name(entry) != after).Count() + 1;
        return start <= all.Count
            ? new("list", [.. all.Skip(start).Take(count)], start + count < all.Count)
            : throw new FoveaException(ErrorCode.MalformedRequest, $"after is {after}, which is not in the list; expected the name of an entry.");
    }

    /// <summary>A page of entries that were looked up: one more than it holds, where there are so many.</summary>
    public static Page<T> Of<TRow, T>(IReadOnlyList<TRow> rows, int limit, Func<TRow, T> show) => new("list", [.. rows.Take(limit).Select(show)], rows.Count > limit);

    /// <summary>How many entries a page has: 1 to 100, by default 20.</summary>
    /// <exception cref="FoveaException"><see cref="ErrorCode.MalformedRequest"/>: it is out of its range.</exception>
    public static int Limit(string? limit) => string.IsNullOrEmpty(limit) ? Default
        : int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out int given) && given is >= 1 and <= Most ? given
        : throw new FoveaException(ErrorCode.MalformedRequest, $"limit is {limit}; expected a whole number from 1 to {Most}.");
}
