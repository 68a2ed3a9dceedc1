using Microsoft.AspNetCore.Http.HttpResults;

namespace Fovea.Api;

/// <summary>The routes of data sets. Photos are private: reading them wants a key too.</summary>
internal static class DatasetEndpoints
{
    public static void MapDatasets(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/datasets").WithTags("Data sets").NeedsKey();
        group.MapPost("", Upload)
            .WithSummary("Upload a data set")
            .WithDescription("The body is a zip file with a folder of images for each class, or with such folders in folders named train and val (and test). Each image is decoded once; files that cannot be used are left out and "
                + "named, with the reason. Where the archive has no val, a fifth of each class, at most 100 images, is set aside for it. A data set never changes; the same images uploaded again are another data set with the same hash.")
            .WithMetadata(new TakesArchive()).Refuses(400, 413, 415, 422, 507);
        group.MapGet("", List)
            .WithSummary("List the data sets")
            .WithDescription("The newest first, in pages.")
            .Refuses(400);
        group.MapGet("/{dataset}", Get)
            .WithSummary("Describe a data set")
            .WithDescription("Its classes with the images of each part, and the files of the archive that were left out.")
            .Refuses(404);
        group.MapDelete("/{dataset}", Delete)
            .WithSummary("Delete a data set")
            .WithDescription("With its images.")
            .Refuses(404, 507);
    }

    private static async Task<Created<Dataset>> Upload(HttpRequest request, DatasetUpload upload, CancellationToken stop)
    {
        var dataset = await upload.Receive(request, stop);
        return TypedResults.Created($"/datasets/{dataset.Id}", dataset);
    }

    private static Ok<Page<Dataset>> List(string? after, string? limit, DatasetStore datasets) => TypedResults.Ok(Page.Of(datasets.All, dataset => dataset.Id, after, limit));

    private static Ok<Dataset> Get(string dataset, DatasetStore datasets) => TypedResults.Ok(datasets.Get(dataset));

    private static NoContent Delete(string dataset, DatasetStore datasets)
    {
        datasets.Delete(dataset);
        return TypedResults.NoContent();
    }
}

/// <summary>What data sets consist of.</summary>
internal static class DatasetServices
{
    /// <summary>Adds data sets.</summary>
    /// <exception cref="Fovea.Models.FoveaException">A setting is wrong.</exception>
    public static void AddDatasets(this IServiceCollection services, IConfiguration configuration) => services
        .AddSingleton(DatasetSettings.Read(configuration)).AddSingleton<DatasetStore>().AddSingleton<DatasetUpload>();
}
