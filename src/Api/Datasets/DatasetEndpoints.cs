using Fovea.Models;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Fovea.Api;

/// <summary>The routes of data sets. Photos are private: reading them wants a key too.</summary>
internal static class DatasetEndpoints
{
    public static void MapDatasets(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/datasets").WithTags("Data sets").NeedsKey(KeyScope.Train);
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
        group.MapGet("/{dataset}/images", Images)
            .WithSummary("List the images of a data set")
            .WithDescription("Of one class or of all, in pages, each with its part and the address of a small picture.")
            .Refuses(400, 404);
        group.MapGet("/{dataset}/thumbnails/{class}/{file}", Thumbnail)
            .WithSummary("Show an image of a data set")
            .WithDescription("A small picture of it: as PNG up to 64 pixels a side, else as JPEG of at most 192.")
            .Produces<Stream>(contentType: "image/jpeg", additionalContentTypes: ["image/png"]).Refuses(404);
        group.MapDelete("/{dataset}", Delete)
            .WithSummary("Delete a data set")
            .WithDescription("With its images; not while a job learns from it.")
            .Refuses(404, 409, 507);
    }

    private static async Task<Created<Dataset>> Upload(HttpRequest request, DatasetUpload upload, CancellationToken stop)
    {
        var dataset = await upload.Receive(request, stop);
        return TypedResults.Created($"/datasets/{dataset.Id}", dataset);
    }

    private static Ok<Page<Dataset>> List(string? after, string? limit, DatasetStore datasets) => TypedResults.Ok(Page.Of(datasets.All, dataset => dataset.Id, after, limit));

    private static Ok<Dataset> Get(string dataset, DatasetStore datasets) => TypedResults.Ok(datasets.Get(dataset));

    private static Ok<Page<DatasetEntry>> Images(string dataset, string? @class, string? after, string? limit, DatasetGallery gallery) =>
        TypedResults.Ok(Page.Of(gallery.List(dataset, @class), image => image.Id, after, limit));

    private static async Task<FileContentHttpResult> Thumbnail(string dataset, string @class, string file, string? part, HttpResponse response, DatasetGallery gallery, CancellationToken stop)
    {
        var thumbnail = await gallery.Thumbnail(dataset, @class, file, part, stop);
        response.Headers.CacheControl = "private, max-age=31536000, immutable";
        return TypedResults.Bytes(thumbnail.File, thumbnail.MediaType);
    }

    private static async Task<NoContent> Delete(string dataset, DatasetStore datasets, JobStore jobs, CancellationToken stop)
    {
        if (await jobs.UsesDataset(dataset, stop))
        {
            throw new FoveaException(ErrorCode.Conflict, $"A job that has not ended learns from {dataset}; cancel it, or wait for its end, before deleting the data set.");
        }

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
        .AddSingleton(DatasetSettings.Read(configuration)).AddSingleton<DatasetStore>().AddSingleton<DatasetUpload>().AddSingleton<DatasetGallery>()
        .AddSingleton<DatasetSweep>().AddHostedService(provider => provider.GetRequiredService<DatasetSweep>());
}
