using Microsoft.Net.Http.Headers;

namespace Fovea.Api;

/// <summary>Headers that keep browsers from taking an answer for something that it is not.</summary>
internal static class SafeHeaders
{
    private const string NoSniff = "nosniff", Html = "text/html", Svg = "image/svg+xml";

    // Reports and pictures stand alone: their styles are inline, their images too.
    private const string Alone =
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    // Swagger UI loads its scripts, styles, icons and the document from here, sets styles on its elements, and shows pictures that routes
    // answer with.
    private const string Swagger =
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private static readonly PathString SwaggerRoot = "/swagger";

    /// <summary>Declares that the media type of every answer is as it says. Errors clear the headers, so they add it again.</summary>
    public static void UseNoSniff(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        AddNoSniff(context.Response);
        return next(context);
    });

    /// <summary>Declares that the media type of an answer is as it says.</summary>
    public static void AddNoSniff(HttpResponse response) => response.Headers.XContentTypeOptions = NoSniff;

    /// <summary>Says of HTML and SVG what they may load.</summary>
    public static void UseContentSecurityPolicy(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        context.Response.OnStarting(static state =>
        {
            var context = (HttpContext)state;
            var response = context.Response;
            if (MediaTypeHeaderValue.TryParse(response.ContentType, out var type) && (type.MediaType == Html || type.MediaType == Svg))
            {
                response.Headers.ContentSecurityPolicy = context.Request.Path.StartsWithSegments(SwaggerRoot) ? Swagger : Alone;
            }

            return Task.CompletedTask;
        }, context);
        return next(context);
    });
}
