using System.Globalization;
using System.Text.Json.Serialization;
using Fovea.Api.Problems;

namespace Fovea.Api.Requests;

/// <summary>A page of a list, in the form of OpenAI's lists.</summary>
/// <param name="Object">Always list.</param>
/// <param name="Data">The entries.</param>
/// <param name="HasMore">Whether more entries follow. To get them, send the name of the last entry as <c>after</c>.</param>
internal sealed record Page<T>(string Object, IReadOnlyList<T> Data, [property: JsonPropertyName("has_more")] bool HasMore);

/// <summary>Makes pages.</summary>
internal static class Page
{
    private const int Default = 20, Most = 100;

    /// <summary>Returns the page after the entry named <paramref name="after"/>; the first page if it is null or empty.</summary>
    /// <param name="all">The whole list.</param>
    /// <param name="name">Returns an entry's name.</param>
    /// <param name="after">The name of the last entry of the previous page.</param>
    /// <param name="limit">The number of entries, from 1; null or empty: <paramref name="otherwise"/>.</param>
    /// <param name="most">The highest number of entries. Default 100.</param>
    /// <param name="otherwise">The number of entries where the request names none. Default 20.</param>
    /// <exception cref="ServiceException">
    /// <see cref="ServiceError.MalformedRequest"/>: the limit is out of its range, or there is no entry named <paramref name="after"/>.
    /// </exception>
    public static Page<T> Of<T>(
        IReadOnlyList<T> all, Func<T, string> name, string? after, string? limit, int most = Most, int otherwise = Default)
    {
        int count = Limit(limit, most, otherwise);
        int start = string.IsNullOrEmpty(after) ? 0 : all.TakeWhile(entry => name(entry) != after).Count() + 1;
        return start <= all.Count
            ? new("list", [.. all.Skip(start).Take(count)], start + count < all.Count)
            : throw new ServiceException(
                ServiceError.MalformedRequest, $"after is {after}, which is not in the list; expected the name of an entry.");
    }

    /// <summary>
    /// Makes a page of rows from a query. The query asks for one row more than the page holds, which shows whether more follow.
    /// </summary>
    public static Page<T> Of<TRow, T>(IReadOnlyList<TRow> rows, int limit, Func<TRow, T> show) =>
        new("list", [.. rows.Take(limit).Select(show)], rows.Count > limit);

    /// <summary>Reads the number of entries in a page.</summary>
    /// <param name="limit">The number, from 1; null or empty: <paramref name="otherwise"/>.</param>
    /// <param name="most">The highest number. Default 100.</param>
    /// <param name="otherwise">The number where the request names none. Default 20.</param>
    /// <exception cref="ServiceException"><see cref="ServiceError.MalformedRequest"/>: the number is out of its range.</exception>
    public static int Limit(string? limit, int most = Most, int otherwise = Default) => string.IsNullOrEmpty(limit) ? otherwise
        : int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out int given) && given >= 1 && given <= most ? given
        : throw new ServiceException(ServiceError.MalformedRequest, $"limit is {limit}; expected a whole number from 1 to {most}.");
}
