using System.Net.Mime;
using Fovea.Api.RouteDescriptions;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Fovea.Api.WebPage;

/// <summary>The routes of the page for browsers. The page's files lie in wwwroot and use only the public routes of the service.</summary>
internal static class WebPageEndpoints
{
    private const string Index = "index.html";

    // The list of the page's files, which the build writes. It is named explicitly, because in tests its default name would be wrong: that
    // is the name of the running program.
    private static readonly string Files =
        Path.Combine(AppContext.BaseDirectory, $"{typeof(WebPageEndpoints).Assembly.GetName().Name}.staticwebassets.endpoints.json");

    public static void MapWebPage(this IEndpointRouteBuilder app)
    {
        app.MapStaticAssets(Files);
        app.MapGet("/", Show).WithName("GetLinks").WithTags("Health")
            .WithSummary("Show the page, or links")
            .WithDescription(
                "Browsers (`Accept: text/html`) get the page, which classifies images, teaches new classes, and shows models and "
                + "architectures. Other clients get the addresses of the service's routes as JSON.")
            .Produces<ServiceLinks>().AnswersAlso(MediaTypeNames.Text.Html);
    }

    private static Results<PhysicalFileHttpResult, Ok<ServiceLinks>> Show(HttpContext context, IWebHostEnvironment host)
    {
        var headers = context.Response.Headers;
        (headers.Vary, headers.CacheControl) = ("Accept", "no-cache");
        return IsBrowser(context.Request) && host.WebRootFileProvider.GetFileInfo(Index).PhysicalPath is { } file
            ? TypedResults.PhysicalFile(file, $"{MediaTypeNames.Text.Html}; charset=utf-8")
            : TypedResults.Ok(ServiceLinks.Current);
    }

    private static bool IsBrowser(HttpRequest request) =>
        request.GetTypedHeaders().Accept.Any(type => type.MediaType == MediaTypeNames.Text.Html && type.Quality is not 0);
}
