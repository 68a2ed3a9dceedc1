using Fovea.Api.Keys;
using Fovea.Api.RouteDescriptions;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Fovea.Api.DatasetChecks;

/// <summary>The route that finds wrong labels, copies and bad images in a data set.</summary>
internal static class DatasetCheckEndpoints
{
    public static void MapDatasetChecks(this IEndpointRouteBuilder app) => app.MapGroup("/datasets").WithTags("Data sets")
        .NeedsKey(KeyScope.Train).MapGet("/{dataset}/health", Health).WithName("GetDatasetHealth")
        .WithSummary("Find what is wrong with a data set")
        .WithDescription(
            "Checks a data set as the command `data check` does, with the built-in base: leaks between parts, identical and nearly "
            + "identical images, suspected labels, blurry, dark, tiny and odd-sized images, imbalance. The first request takes about a "
            + "minute for 1,000 images; requests at the same time share the work, and later ones get the kept answer. Each image of a "
            + "finding has its address and that of a thumbnail. Answers 429 while many other data sets are being checked.")
        .Refuses(404, 429, 503);

    private static async Task<Ok<HealthReport>> Health(string dataset, DatasetChecker checker, CancellationToken stop) =>
        TypedResults.Ok(await checker.Report(dataset, stop));
}

/// <summary>Registers the services that check data sets.</summary>
internal static class DatasetCheckServices
{
    public static void AddDatasetChecks(this IServiceCollection services) => services.AddSingleton<DatasetChecker>();
}
