using Fovea.Api.Keys;
using Fovea.Api.Problems;
using Fovea.Api.RouteDescriptions;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Fovea.Api.CustomVision;

/// <summary>
/// The routes of Custom Vision's prediction API that classify. An application that was written for this API needs only another address and
/// another key. The name of a published iteration is the name of a model in the repository.
/// </summary>
internal static class CustomVisionEndpoints
{
    private const string Described = "v3.1", Older = "v3.0";

    /// <summary>Adds the services of the routes.</summary>
    /// <exception cref="Fovea.Models.Errors.RefusalException">A setting is wrong.</exception>
    public static void AddCustomVision(this IServiceCollection services, IConfiguration configuration) => services
        .AddSingleton(CustomVisionSettings.Read(configuration)).AddSingleton<ImageDownload>().AddSingleton<CustomVisionRequests>();

    /// <summary>
    /// Maps the routes of both versions of the API. The two versions are the same, so the OpenAPI document describes only the newer one.
    /// </summary>
    public static void MapCustomVision(this IEndpointRouteBuilder app)
    {
        MapVersion(app, Older).ExcludeFromDescription();
        MapVersion(app, Described);
    }

    private static RouteGroupBuilder MapVersion(IEndpointRouteBuilder app, string version)
    {
        // ASP.NET's metrics are turned off for these routes, because Fovea's own metrics count and time their requests.
        var group = app.MapGroup($"{CustomVisionError.Root}/{version}/Prediction/{{project}}/classify/iterations/{{model}}")
            .DisableHttpMetrics().WithTags("Custom Vision").WithMetadata(new NeedsKey(KeyScope.Classify))
            .RefusesWith(typeof(CustomVisionError), 400, 401, 403, 404, 408, 415, 429, 500, 503, 504);
        (string Path, string Name, Delegate Handler, string What)[] routes =
        [
            ("/image", "CustomVisionImage", Classify, "the image in the body"),
            ("/image/nostore", "CustomVisionImageWithNoStore", Classify, "the image in the body"),
            ("/url", "CustomVisionImageUrl", ClassifyUrl, "the image at an address"),
            ("/url/nostore", "CustomVisionImageUrlWithNoStore", ClassifyUrl, "the image at an address"),
        ];
        foreach (var (path, name, handler, what) in routes)
        {
            group.MapPost(path, handler).WithMetadata(new TakesPredictionImage(ByAddress: handler == ClassifyUrl))
                .WithName($"Classify{name}{(version == Described ? "" : version)}")
                .WithSummary($"Classify {what}")
                .WithDescription($"Classifies {what} with the version of the model that serves. The image is not kept.");
        }

        return group;
    }

    // The parameter application is ignored. Custom Vision counts predictions for each application, but Fovea does not.
    private static async Task<Ok<ImagePrediction>> Classify(
        string project, string model, string? application, HttpRequest request, CustomVisionRequests requests, CancellationToken stop) =>
        TypedResults.Ok(await requests.Classify(project, model, request, stop));

    private static async Task<Ok<ImagePrediction>> ClassifyUrl(
        string project, string model, string? application, HttpRequest request, CustomVisionRequests requests, CancellationToken stop) =>
        TypedResults.Ok(await requests.ClassifyUrl(project, model, request, stop));
}
