using Microsoft.Net.Http.Headers;

namespace Fovea.Api.Problems;

/// <summary>
/// Adds headers that stop browsers from guessing the type of an answer, and from loading content from other sites into it.
/// </summary>
internal static class SafeHeaders
{
    private const string NoSniff = "nosniff", Html = "text/html", Svg = "image/svg+xml";

    // For reports and pictures, which load nothing: their styles and images are inline.
    private const string Alone =
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    // For Swagger UI, which loads scripts, styles, icons and the OpenAPI document from this service, sets styles on its elements, and shows
    // images from answers.
    private const string Swagger =
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    // For the page, which loads everything from this service, shows images that the visitor chose or that it downloaded with a key, and
    // sends no forms.
    private const string Page =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; base-uri 'none'; "
        + "form-action 'none'; frame-ancestors 'none'";

    private static readonly PathString SwaggerRoot = "/swagger", PageRoot = "/", PageFile = "/index.html";

    /// <summary>
    /// Forbids browsers to guess the media type of an answer. An error clears all headers, so <see cref="Problem.WriteTo"/> adds this
    /// header again.
    /// </summary>
    public static void UseNoSniff(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        AddNoSniff(context.Response);
        return next(context);
    });

    /// <summary>Forbids browsers to guess the media type of an answer.</summary>
    public static void AddNoSniff(HttpResponse response) => response.Headers.XContentTypeOptions = NoSniff;

    /// <summary>Adds a content security policy to HTML and SVG answers. It limits which content they may load.</summary>
    public static void UseContentSecurityPolicy(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        context.Response.OnStarting(static state =>
        {
            var context = (HttpContext)state;
            var response = context.Response;
            if (MediaTypeHeaderValue.TryParse(response.ContentType, out var type) && (type.MediaType == Html || type.MediaType == Svg))
            {
                response.Headers.ContentSecurityPolicy = PolicyOf(context.Request.Path);
            }

            return Task.CompletedTask;
        }, context);
        return next(context);
    });

    private static string PolicyOf(PathString path) =>
        path.StartsWithSegments(SwaggerRoot) ? Swagger : path == PageRoot || path == PageFile ? Page : Alone;
}
