using System.Net.Mime;
using Fovea.Api.RouteDescriptions;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Fovea.Api.WebPage;

/// <summary>The routes of the page for browsers. Its files lie in wwwroot and use the public routes of the service only.</summary>
internal static class WebPageEndpoints
{
    private const string Index = "index.html";

    // The build writes the list of files. Its default name is that of the program, which is another one in tests.
    private static readonly string Files =
        Path.Combine(AppContext.BaseDirectory, $"{typeof(WebPageEndpoints).Assembly.GetName().Name}.staticwebassets.endpoints.json");

    public static void MapWebPage(this IEndpointRouteBuilder app)
    {
        app.MapStaticAssets(Files);
        app.MapGet("/", Show).WithName("GetLinks").WithTags("Health")
            .WithSummary("Show the page, or links")
            .WithDescription(
                "Browsers (`Accept: text/html`) get the page: it classifies images, teaches new classes, shows the models and explains the "
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
