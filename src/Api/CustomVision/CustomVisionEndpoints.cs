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
        (string Path, string Name, bool ByAddress, bool IsKept)[] routes =
        [
            ("/image", "CustomVisionImage", false, true),
            ("/image/nostore", "CustomVisionImageWithNoStore", false, false),
            ("/url", "CustomVisionImageUrl", true, true),
            ("/url/nostore", "CustomVisionImageUrlWithNoStore", true, false),
        ];
        foreach (var (path, name, byAddress, isKept) in routes)
        {
            var what = byAddress ? "the image at an address" : "the image in the body";
            group.MapPost(path, Handler(byAddress, isKept)).WithMetadata(new TakesPredictionImage(byAddress))
                .WithName($"Classify{name}{(version == Described ? "" : version)}")
                .WithSummary($"Classify {what}")
                .WithDescription($"Classifies {what} with the version of the model that serves. The image is "
                    + (isKept ? "kept as an unlabelled image of a data set if the setting CustomVision:KeepImagesIn names one."
                        : "not kept."));
        }

        return group;
    }

    // The parameter application is ignored. Custom Vision counts predictions for each application, but Fovea does not.
    private static Delegate Handler(bool byAddress, bool isKept) => async Task<Ok<ImagePrediction>> (
        string project, string model, string? application, HttpRequest request, CustomVisionRequests requests, CancellationToken stop) =>
        TypedResults.Ok(byAddress
            ? await requests.ClassifyUrl(project, model, request, isKept, stop)
            : await requests.Classify(project, model, request, isKept, stop));
}
