using Fovea.Api.Configuration;
using Fovea.Api.Problems;
using Fovea.Api.Requests;
using Fovea.Api.Serving;
using Fovea.Api.Storage;
using Fovea.Models.Annotations;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Microsoft.AspNetCore.Http.Features;

namespace Fovea.Api.DatasetRepository;

/// <summary>
/// Makes data sets from uploaded archives. It keeps in memory the names of all files, but the contents of only those images that are being
/// decoded. A data set becomes visible complete or not at all.
/// </summary>
internal sealed class DatasetUpload(DatasetStore store, DatasetSettings limits, Settings settings, DecodingBudget budget, TimeProvider time)
{
    private const string Archive = "archive.zip", Zip = "application/zip";
    private const int MostNameCharacters = 100;

    // The first three are names of zip. curl and browsers declare a body as one of the last two by default.
    private static readonly string[] MediaTypes =
        [Zip, "application/x-zip-compressed", "application/x-zip", "application/octet-stream", "application/x-www-form-urlencoded"];

    /// <summary>
    /// Receives a zip file: class folders, which may be in folders named train, val and test; or corrections to an existing data set.
    /// </summary>
    /// <param name="request">The request, with the zip file as its body.</param>
    /// <param name="from">The id of the data set to correct; null: the zip file has a whole data set.</param>
    /// <param name="name">
    /// The name of the new data set, 1 to 100 characters. Null: the name of the data set to correct, if it has one; otherwise no name.
    /// </param>
    /// <param name="stop">Stops reading.</param>
    /// <exception cref="RefusalException">
    /// The body is declared as another type, is too large, is not a zip file, has fewer than two classes of images, or cannot be written.
    /// Or the data set to correct does not exist, or the corrections contradict each other or leave a class without images.
    /// </exception>
    public async Task<UploadedDataset> Receive(HttpRequest request, string? from, string? name, CancellationToken stop)
    {
        name = Checked(name);
        var old = from is null ? null : store.Get(from);
        RefuseUnlessZip(request.ContentType);
        RequestBody.RefuseOver(limits.MaxDatasetBytes, "The archive", request.ContentLength);
        using var staging = Stage(request);
        await Write(request.Body, staging, stop);
        return await Add(staging, old, name, stop);
    }

    /// <summary>Makes a staging folder for an archive, and removes the web server's limit for bodies from the request.</summary>
    /// <exception cref="FoveaException"><see cref="ErrorCode.CannotWrite"/>: the folder cannot be made.</exception>
    public StagingFolder Stage(HttpRequest request)
    {
        if (request.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            // Turns off the web server's limit for bodies: an archive may be larger, and StagingFolder.Receive enforces the limit for
            // archives.
            limit.MaxRequestBodySize = null;
        }

        return store.Stage();
    }

    /// <summary>Writes the archive into the staging folder as it arrives.</summary>
    /// <exception cref="RefusalException">The archive is empty or too large, or cannot be written.</exception>
    public Task<long> Write(Stream archive, StagingFolder staging, CancellationToken stop) =>
        staging.Receive(archive, Archive, limits.MaxDatasetBytes, stop);

    /// <summary>Makes a data set from the archive in the staging folder.</summary>
    /// <param name="staging">The staging folder with the archive.</param>
    /// <param name="old">The data set to correct; null: the archive has a whole data set.</param>
    /// <param name="name">
    /// The name of the new data set, 1 to 100 characters. Null: the name of the data set to correct, if there is one; otherwise no name.
    /// </param>
    /// <param name="stop">Cancels the call.</param>
    /// <exception cref="RefusalException">The archive cannot be used, or the data set cannot be written.</exception>
    public async Task<UploadedDataset> Add(StagingFolder staging, UploadedDataset? old, string? name, CancellationToken stop)
    {
        try
        {
            var dataset = await Read(old, staging, stop);
            return store.Add(staging, dataset with { Name = name ?? old?.Name });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or RefusalException && SharedDisk.IsMissing(staging.Path))
        {
            // The missing disk is the cause, whatever the error says of the archive.
            throw SharedDisk.Unreachable(DatasetStore.Place, e);
        }
    }

    private static void RefuseUnlessZip(string? contentType)
    {
        if (!string.IsNullOrWhiteSpace(contentType)
            && !MediaTypes.Contains(contentType.Split(';')[0].Trim(), StringComparer.OrdinalIgnoreCase))
        {
            throw new ServiceException(
                ServiceError.UnsupportedMediaType,
                $"The request is declared as {contentType}, which is not a zip file; expected {Zip} with the file as the body.");
        }
    }

    private static string? Checked(string? name) =>
        name is null || (name.Trim().Length is >= 1 and <= MostNameCharacters && !name.Any(char.IsControl)) ? name?.Trim()
        : throw new ServiceException(
            ServiceError.MalformedRequest,
            $"name is {ReadableText.Shortened(name, MostNameCharacters)}; expected 1 to {MostNameCharacters} characters, none of them a "
                + "control character.");

    private async Task<UploadedDataset> Read(UploadedDataset? from, StagingFolder staging, CancellationToken stop)
    {
        using var archive = DatasetArchive.Open(Path.Combine(staging.Path, Archive), limits, settings.MaxImageBytes);
        if (from is null)
        {
            return await Unpack(archive, staging, stop);
        }

        try
        {
            return await new DatasetCorrections(staging, budget, settings.ImageLimits).Apply(from, archive, time, stop);
        }
        catch (Exception e) when (e is IOException or FoveaException { Code: ErrorCode.CannotWrite } && store.Find(from.Id) is null)
        {
            // Another request has deleted the data set to correct meanwhile.
            throw DatasetStore.Unknown(from.Id);
        }
    }

    private async Task<UploadedDataset> Unpack(DatasetArchive archive, StagingFolder staging, CancellationToken stop)
    {
        var layout = new DatasetLayout(archive);
        var unpacked = await new DatasetImages(staging, budget, settings.ImageLimits).Unpack(archive, layout, stop);
        RefusedFile[] unusable = [.. layout.Unusable.Concat(unpacked.Unusable).OrderBy(file => file.File, StringComparer.Ordinal)];
        RefusedFile[] refused =
        [
            .. unusable.Concat(layout.Copies).Concat(unpacked.Copies).OrderBy(file => file.File, StringComparer.Ordinal),
        ];
        var classes = ClassCounts.Of(
            layout.Labels, layout.Images.Select(image => image.Part), layout.IsMultiLabel, unpacked.Images, refused);
        RefusalLimit.Check(
            "the archive",
            [.. unusable.Select(file => (file.File, file.Reason))],
            unusable.Length + layout.Images.Count - unpacked.Unusable.Count,
            []);
        return new UploadedDataset(
            DatasetStore.NewId(),
            ListedImages.Hash(layout.IsListed, DatasetImages.Hash(unpacked.Images), unpacked.Images),
            time.GetUtcNow().ToUnixTimeSeconds(),
            classes,
            refused)
        {
            IsMultiLabel = layout.IsMultiLabel,
        };
    }
}
