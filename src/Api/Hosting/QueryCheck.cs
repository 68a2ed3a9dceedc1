using Fovea.Api.Problems;

namespace Fovea.Api.Hosting;

/// <summary>
/// Refuses query strings with the character U+0000, which no name contains and PostgreSQL does not accept in texts. Kestrel itself refuses
/// the character in paths and headers.
/// </summary>
internal static class QueryCheck
{
    public static void UseQueryCheck(this IApplicationBuilder app) => app.Use((context, next) =>
        context.Request.QueryString.Value?.Contains("%00", StringComparison.Ordinal) == true
            ? throw new ServiceException(
                ServiceError.MalformedRequest, "The query string contains the character U+0000 (%00); expected text without it.")
            : next(context));
}
