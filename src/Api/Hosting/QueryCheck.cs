using Fovea.Models;

namespace Fovea.Api;

/// <summary>
/// Refuses queries with the character U+0000, which no name has and PostgreSQL does not take as text. The server refuses it in paths and
/// headers.
/// </summary>
internal static class QueryCheck
{
    public static void UseQueryCheck(this IApplicationBuilder app) => app.Use((context, next) =>
        context.Request.QueryString.Value?.Contains("%00", StringComparison.Ordinal) == true
            ? throw new FoveaException(ErrorCode.MalformedRequest, "The query holds the character U+0000 (%00); expected text without it.")
            : next(context));
}
