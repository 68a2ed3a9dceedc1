using Fovea.Models;
using Microsoft.AspNetCore.Http.Features;

namespace Fovea.Api;

/// <summary>Makes data sets of uploaded archives. Nothing is held in memory but one image at a time and the names of all; a data set is there whole or not at all.</summary>
internal sealed class DatasetUpload(DatasetStore store, DatasetSettings limits, Settings settings, DecodingBudget budget, TimeProvider time)
{
    private const string Archive = "archive.zip", Zip = "application/zip";

    // What curl and browsers declare by themselves, and what they call zip files.
    private static readonly string[] MediaTypes = [Zip, "application/x-zip-compressed", "application/x-zip", "application/octet-stream", "application/x-www-form-urlencoded"];

    /// <summary>Takes a zip file of class folders, or of such in folders named train and val.</summary>
    /// <exception cref="FoveaException">It is declared as something else, is too large, is no zip file, holds no two classes of images, or cannot be written.</exception>
    public async Task<Dataset> Receive(HttpRequest request, CancellationToken stop)
    {
        RefuseUnlessZip(request.ContentType);
        RequestBody.RefuseOver(limits.MaxDatasetBytes, "The archive", request.ContentLength);
        if (request.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            // Counted here, against another limit than that of other requests.
            limit.MaxRequestBodySize = null;
        }

        using var staging = store.Stage();
        await staging.Receive(request.Body, Archive, limits.MaxDatasetBytes, stop);
        var (layout, images, refused) = await Unpack(staging, stop);
        return store.Add(staging, new Dataset(
            DatasetStore.NewId(),
            DatasetImages.Hash(images),
            time.GetUtcNow().ToUnixTimeSeconds(),
            Classes(layout, images, refused),
            refused));
    }

    private static void RefuseUnlessZip(string? contentType)
    {
        if (!string.IsNullOrWhiteSpace(contentType) && !MediaTypes.Contains(contentType.Split(';')[0].Trim(), StringComparer.OrdinalIgnoreCase))
        {
            throw new FoveaException(ErrorCode.UnsupportedMediaType, $"The request is declared as {contentType}, which is no zip file; expected {Zip} with the file as the body.");
        }
    }

    private async Task<(DatasetLayout Layout, IReadOnlyList<DatasetImage> Images, IReadOnlyList<RefusedFile> Refused)> Unpack(StagingFolder staging, CancellationToken stop)
    {
        using var archive = DatasetArchive.Open(Path.Combine(staging.Path, Archive), limits, settings.MaxImageBytes);
        var layout = new DatasetLayout(archive.Files, archive.Refused);
        var (images, refused) = await new DatasetImages(staging, budget, settings.ImageLimits).Unpack(archive, layout.Images, stop);
        return (layout, images, [.. layout.Refused.Concat(refused).OrderBy(file => file.File, StringComparer.Ordinal)]);
    }

    private static DatasetClass[] Classes(DatasetLayout layout, IReadOnlyList<DatasetImage> images, IReadOnlyList<RefusedFile> refused)
    {
        var parts = layout.Images.Select(image => image.Part).Append(Dataset.Train).Append(Dataset.Validation).OfType<string>().Distinct().ToArray();
        var counts = images.CountBy(image => (image.Label, image.Part)).ToDictionary();
        return [.. layout.Images.Select(image => image.Label).Distinct().Order(StringComparer.Ordinal).Select(Class)];

        DatasetClass Class(string label)
        {
            var count = parts.ToDictionary(part => part, part => counts.GetValueOrDefault((label, part)));
            return parts.FirstOrDefault(part => count[part] == 0) is not { } lacking
                ? new(label, count.Values.Sum(), count[Dataset.Train], count[Dataset.Validation], count.GetValueOrDefault(Dataset.Test))
                : throw new FoveaException(ErrorCode.BadDataset, $"The class {label} has {count.Values.Sum()} images that can be used, none of them for {lacking}; expected at least one for each of {string.Join(", ", parts)}."
                    + (refused is [var first, ..] ? $" The first file that was left out, {first.File}: {first.Reason}" : ""));
        }
    }
}
