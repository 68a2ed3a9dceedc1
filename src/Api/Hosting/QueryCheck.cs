using Fovea.Api.Problems;

namespace Fovea.Api.Hosting;

/// <summary>
/// Refuses queries with the character U+0000: no name has it, and PostgreSQL does not accept it in text. Kestrel refuses it in paths and
/// headers.
/// </summary>
internal static class QueryCheck
{
    public static void UseQueryCheck(this IApplicationBuilder app) => app.Use((context, next) =>
        context.Request.QueryString.Value?.Contains("%00", StringComparison.Ordinal) == true
            ? throw new ServiceException(
                ServiceError.MalformedRequest, "The query holds the character U+0000 (%00); expected text without it.")
            : next(context));
}
