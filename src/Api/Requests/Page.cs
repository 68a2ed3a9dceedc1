using System.Globalization;
using System.Text.Json.Serialization;
using Fovea.Api.Problems;

namespace Fovea.Api.Requests;

/// <summary>One page of a list, in the form of OpenAI's lists.</summary>
/// <param name="Object">Always <c>list</c>.</param>
/// <param name="Data">The entries of this page.</param>
/// <param name="HasMore">Whether more entries follow. To get them, send the id of this page's last entry as <c>after</c>.</param>
internal sealed record Page<T>(string Object, IReadOnlyList<T> Data, [property: JsonPropertyName("has_more")] bool HasMore);

/// <summary>Divides lists into pages.</summary>
internal static class Page
{
    private const int Default = 20, Most = 100;

    /// <summary>Returns one page of a list.</summary>
    /// <param name="all">The whole list, which is enumerated only until the page is full.</param>
    /// <param name="name">Returns an entry's id.</param>
    /// <param name="after">The id of the last entry of the previous page; null or empty: the first page.</param>
    /// <param name="limit">The number of entries in the page, from 1; null or empty: <paramref name="otherwise"/>.</param>
    /// <param name="most">The largest allowed number of entries. Default 100.</param>
    /// <param name="otherwise">The number of entries if the request gives none. Default 20.</param>
    /// <exception cref="ServiceException">
    /// <see cref="ServiceError.MalformedRequest"/>: the limit is out of its range, or no entry has the id <paramref name="after"/>.
    /// </exception>
    public static Page<T> Of<T>(
        IEnumerable<T> all, Func<T, string> name, string? after, string? limit, int most = Most, int otherwise = Default)
    {
        int count = Limit(limit, most, otherwise);
        using var entries = all.GetEnumerator();
        for (bool isFound = string.IsNullOrEmpty(after); !isFound; isFound = name(entries.Current) == after)
        {
            if (!entries.MoveNext())
            {
                throw new ServiceException(
                    ServiceError.MalformedRequest, $"after is {after}, which is not in the list; expected the id of an entry of the list.");
            }
        }

        List<T> page = [];
        while (page.Count < count)
        {
            if (!entries.MoveNext())
            {
                return new("list", page, false);
            }

            page.Add(entries.Current);
        }

        return new("list", page, entries.MoveNext());
    }

    /// <summary>
    /// Makes a page from the rows of a database query. The query asks for one row more than the page has; an additional row shows that more
    /// entries follow.
    /// </summary>
    public static Page<T> Of<TRow, T>(IReadOnlyList<TRow> rows, int limit, Func<TRow, T> show) =>
        new("list", [.. rows.Take(limit).Select(show)], rows.Count > limit);

    /// <summary>Reads the parameter for the number of entries in a page.</summary>
    /// <param name="limit">The number, from 1; null or empty: <paramref name="otherwise"/>.</param>
    /// <param name="most">The largest allowed number. Default 100.</param>
    /// <param name="otherwise">The number if the request gives none. Default 20.</param>
    /// <exception cref="ServiceException"><see cref="ServiceError.MalformedRequest"/>: the number is out of its range.</exception>
    public static int Limit(string? limit, int most = Most, int otherwise = Default) => string.IsNullOrEmpty(limit) ? otherwise
        : int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out int given) && given >= 1 && given <= most ? given
        : throw new ServiceException(ServiceError.MalformedRequest, $"limit is {limit}; expected a whole number from 1 to {most}.");
}
