using Fovea.Api.Configuration;
using Fovea.Api.Keys;
using Fovea.Api.Requests;
using Fovea.Api.RouteDescriptions;
using Fovea.Models.Errors;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Fovea.Api.DatasetRepository;

/// <summary>The routes of data sets. Photos are private, so even reading them needs a key.</summary>
internal static class DatasetEndpoints
{
    // Browsers may keep images and thumbnails, because a data set never changes.
    private const string Unchanging = "private, max-age=31536000, immutable";

    public static void MapDatasets(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/datasets").WithTags("Data sets").NeedsKey(KeyScope.Train).Refuses(503);
        group.MapPost("", Upload).WithName("CreateDataset")
            .WithSummary("Upload a data set")
            .WithDescription(
                "The body is a zip file with a folder of images for each class, or with such folders in folders named train, val (and "
                + "test). A file labels.csv (`file,label;label`) or labels.jsonl (`{\"file\", \"labels\": []}`) beside the images gives "
                + "them any number of labels instead. Each image is decoded once. The answer lists the files that cannot be used, with the "
                + "reason; if more than 5 % of the files cannot be used, or a class has no image, the upload is refused. If the archive "
                + "has no val, a fifth of each class, at most 100 images, is set aside for validation. A data set never changes; the same "
                + "images uploaded again are another data set with the same hash. With `from`, the archive has corrections to an older "
                + "data set, and the answer counts them. An image in a class folder moves to this class if the older data set has an image "
                + "with the same bytes; otherwise it is added. The folder `_removed` removes images. Images that were used for validation "
                + "stay validation images. The older data set stays unchanged.")
            .WithMetadata(new TakesArchive()).Refuses(400, 404, 413, 415, 422, 507);
        group.MapGet("", List).WithName("ListDatasets")
            .WithSummary("List the data sets")
            .WithDescription("Lists the data sets in pages, the newest first.")
            .Refuses(400);
        group.MapGet("/{dataset}", Get).WithName("GetDataset")
            .WithSummary("Describe a data set")
            .WithDescription("Returns the number of images of each class in each part (train, val, test), and the files of the archive "
                + "that were left out.")
            .Refuses(404);
        group.MapGet("/{dataset}/images", Images).WithName("ListDatasetImages")
            .WithSummary("List the images of a data set")
            .WithDescription(
                "Lists the images of one class or of all classes in pages. Each entry has the image's part (train, val or test), its "
                + "address and the address of its thumbnail. `?part=unlabelled`, which takes no class, lists the images that were kept "
                + "without a label; corrections (`POST /datasets?from=`) give them one in a new data set.")
            .Refuses(400, 404);
        group.MapGet("/{dataset}/images/{part}/{folder}/{file}", Image).WithName("GetDatasetImage")
            .WithSummary("Download an image of a data set")
            .WithDescription("Returns the file as it was uploaded. The list of images has the address of each image.")
            .Produces<Stream>(contentType: "image/jpeg", additionalContentTypes: ["image/png", "image/webp", "image/bmp", "image/gif"])
            .Refuses(404);
        group.MapGet("/{dataset}/thumbnails/{class}/{file}", Thumbnail).WithName("GetDatasetThumbnail")
            .WithSummary("Show a small picture of an image")
            .WithDescription(
                "Returns a thumbnail: a PNG for images of at most 64 pixels a side, otherwise a JPEG of at most 192 pixels a side.")
            .Produces<Stream>(contentType: "image/jpeg", additionalContentTypes: ["image/png"]).Refuses(400, 404);
        group.MapDelete("/{dataset}", Delete).WithName("DeleteDataset")
            .WithSummary("Delete a data set")
            .WithDescription("Deletes the data set and its images. Answers 409 while a job that has not ended uses the data set.")
            .Refuses(404, 409, 507);
    }

    private static async Task<Created<UploadedDataset>> Upload(
        HttpRequest request, string? from, string? name, DatasetUpload upload, CancellationToken stop)
    {
        var dataset = await upload.Receive(request, from, name, stop);
        return TypedResults.Created($"/datasets/{dataset.Id}", dataset);
    }

    private static Ok<Page<UploadedDataset>> List(string? after, string? limit, DatasetStore datasets) =>
        TypedResults.Ok(Page.Of(datasets.All, dataset => dataset.Id, after, limit));

    private static Ok<UploadedDataset> Get(string dataset, DatasetStore datasets) => TypedResults.Ok(datasets.Get(dataset));

    private static Ok<Page<DatasetEntry>> Images(
        string dataset, string? @class, string? after, string? limit, string? part, DatasetGallery gallery) =>
        TypedResults.Ok(Page.Of(gallery.List(dataset, @class, part), image => image.Id, after, limit));

    private static PhysicalFileHttpResult Image(
        string dataset, string part, string folder, string file, HttpResponse response, DatasetGallery gallery)
    {
        var (path, mediaType) = gallery.Find(dataset, part, folder, file);
        response.Headers.CacheControl = Unchanging;
        return TypedResults.PhysicalFile(path, mediaType);
    }

    private static async Task<FileContentHttpResult> Thumbnail(
        string dataset, string @class, string file, string? part, HttpResponse response, DatasetGallery gallery, CancellationToken stop)
    {
        var thumbnail = await gallery.Thumbnail(dataset, @class, file, part, stop);
        response.Headers.CacheControl = Unchanging;
        return TypedResults.Bytes(thumbnail.File, thumbnail.MediaType);
    }

    private static async Task<NoContent> Delete(string dataset, DatasetRemoval removal, CancellationToken stop)
    {
        await removal.Delete(dataset, stop);
        return TypedResults.NoContent();
    }
}

/// <summary>Registers the services for data sets.</summary>
internal static class DatasetServices
{
    /// <summary>Adds the settings, the store, the upload, the gallery and the hourly deletion of data sets.</summary>
    /// <exception cref="RefusalException">A setting is wrong.</exception>
    public static void AddDatasets(this IServiceCollection services, IConfiguration configuration) => services
        .AddSingleton(Settings.Bind<DatasetSettings>(configuration))
        .AddSingleton<DatasetStore>().AddSingleton<DatasetRemoval>().AddSingleton<DatasetUpload>().AddSingleton<DatasetGallery>()
        .AddSingleton<UnlabelledImages>().AddHostedService(provider => provider.GetRequiredService<UnlabelledImages>())
        .AddSingleton<DatasetSweep>().AddHostedService(provider => provider.GetRequiredService<DatasetSweep>());
}
