using Fovea.Api.Keys;
using Fovea.Api.RouteDescriptions;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Fovea.Api.Storage;

/// <summary>The route that reports disk use and retention.</summary>
internal static class StorageEndpoints
{
    public static void MapStorage(this IEndpointRouteBuilder app) => app.MapGet("/storage", Measure).WithName("GetStorage")
        .WithTags("Health")
        .WithSummary("Report disk use and retention")
        .WithDescription(
            "Returns the files and bytes of models, data sets, jobs and downloaded weights, the free space of their disks, and the numbers "
                + "of days after which items are deleted (0: never). The answer is at most 30 seconds old.")
        .NeedsKey().Refuses(503);

    private static async Task<Ok<StorageUse>> Measure(StorageMeter meter) => TypedResults.Ok(await meter.Measure());
}
