using Fovea.Api.Configuration;
using Fovea.Api.Problems;
using Fovea.Api.Serving;
using Fovea.Models.Graphs;
using Fovea.Models.Imaging;

namespace Fovea.Api.DatasetRepository;

/// <summary>Lists the images of data sets and makes thumbnails of them.</summary>
internal sealed class DatasetGallery(DatasetStore datasets, Settings settings, DecodingBudget budget)
{
    /// <summary>
    /// The beginning of the address of a data set's images. The path of an image in the data set completes the address.
    /// </summary>
    public static string AddressOf(string id) => $"/datasets/{id}/images/";

    /// <summary>The address of an image.</summary>
    /// <param name="id">The data set.</param>
    /// <param name="part">train, val or test.</param>
    /// <param name="folder">The image's folder in the part.</param>
    /// <param name="file">The image's file name.</param>
    public static string ImageOf(string id, string part, string folder, string file) =>
        $"{AddressOf(id)}{part}/{Uri.EscapeDataString(folder)}/{Uri.EscapeDataString(file)}";

    /// <summary>The address of the small picture of an image.</summary>
    /// <param name="id">The data set.</param>
    /// <param name="part">train, val or test.</param>
    /// <param name="label">The image's class; the folder for an image without one.</param>
    /// <param name="file">The image's file name.</param>
    public static string ThumbnailOf(string id, string part, string label, string file) =>
        $"/datasets/{id}/thumbnails/{Uri.EscapeDataString(label)}/{Uri.EscapeDataString(file)}?part={part}";

    /// <summary>
    /// Returns the images of a data set in the order of their paths.
    /// </summary>
    /// <param name="id">The id of the data set.</param>
    /// <param name="label">The class whose images are returned; null or empty: all classes.</param>
    /// <param name="part">The part whose images are returned: train, val, test or unlabelled; null or empty: train, val and test.</param>
    /// <exception cref="ServiceException">
    /// <see cref="ServiceError.UnknownDataset"/>: the data set does not exist, or has no such class. <see
    /// cref="ServiceError.MalformedRequest"/>: there is no such part, or a class was given for the part unlabelled.
    /// </exception>
    public IReadOnlyList<DatasetEntry> List(string id, string? label, string? part)
    {
        var dataset = datasets.Get(id);
        var parts = string.IsNullOrEmpty(part) ? UploadedDataset.Parts : [.. UploadedDataset.ListedParts.Where(one => one == part)];
        if (parts is [])
        {
            throw new ServiceException(
                ServiceError.MalformedRequest,
                $"part is {ReadableText.Of(part!)}; expected one of {string.Join(", ", UploadedDataset.ListedParts)}.");
        }

        if (parts is [UploadedDataset.Unlabelled])
        {
            if (!string.IsNullOrEmpty(label))
            {
                throw new ServiceException(
                    ServiceError.MalformedRequest,
                    $"class is {ReadableText.Of(label)}; expected no class, because the images of the part unlabelled have none.");
            }

            // An image that is being written has no usual ending yet.
            return [.. Entries(dataset, UploadedDataset.Unlabelled, UnlabelledImages.Folder, _ => ("", []))
                .Where(image => !image.File.EndsWith(".tmp", StringComparison.Ordinal))];
        }

        var labels = dataset.Classes.Select(c => c.Label).Where(name => string.IsNullOrEmpty(label) || name == label).ToArray();
        return labels is not []
            ? [.. parts.SelectMany(one => Files(dataset, one, labels))]
            : throw Unknown($"{id} has no class {label}");
    }

    /// <summary>Finds the file of an image.</summary>
    /// <param name="id">The id of the data set.</param>
    /// <param name="part">train, val, test or unlabelled.</param>
    /// <param name="folder">The image's folder in the part.</param>
    /// <param name="file">The image's file name.</param>
    /// <returns>The path of the file, and the media type, found from the file's first bytes.</returns>
    /// <exception cref="ServiceException"><see cref="ServiceError.UnknownDataset"/>: the data set or the image does not exist.</exception>
    public (string Path, string MediaType) Find(string id, string part, string folder, string file)
    {
        var dataset = datasets.Get(id);

        // The names are compared with those in the folder, so that no text from a request becomes part of a path.
        var image = UploadedDataset.ListedParts.Where(one => one == part)
            .Select(one => new DirectoryInfo(Path.Combine(dataset.Folder, one))).Where(one => one.Exists)
            .SelectMany(one => one.EnumerateDirectories()).Where(one => one.Name == folder)
            .SelectMany(one => one.EnumerateFiles()).FirstOrDefault(one => one.Name == file)
            ?? throw Unknown($"{id} has no image {ReadableText.Of($"{part}/{folder}/{file}")}");
        var start = new byte[ImageFormat.SignatureBytes];
        using var stream = image.OpenRead();
        int length = stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        return (image.FullName, ImageFormat.Of(start.AsSpan(0, length))?.MediaTypes[0] ?? "application/octet-stream");
    }

    /// <summary>Makes a thumbnail of an image.</summary>
    /// <param name="id">The id of the data set.</param>
    /// <param name="label">The image's class.</param>
    /// <param name="file">The image's file name.</param>
    /// <param name="part">The part to search: train, val, test or unlabelled. Null searches train, val and test in this order.</param>
    /// <param name="stop">Cancels the decoding, for example when the client has disconnected.</param>
    /// <exception cref="ServiceException"><see cref="ServiceError.UnknownDataset"/>: the data set or the image does not exist.</exception>
    public async Task<Thumbnail> Thumbnail(string id, string label, string file, string? part, CancellationToken stop)
    {
        var dataset = datasets.Get(id);

        // The names are compared with those in the folder, so that no text from a request becomes part of a path.
        var image = List(id, null, part)
            .FirstOrDefault(image => image.Label == label && image.File == file) ?? throw Unknown($"{id} has no image {label}/{file}");
        using var encoded = EncodedImage.Open(
            await File.ReadAllBytesAsync(Path.Combine(dataset.Folder, image.Id), stop), settings.ImageLimits);
        using var share = await budget.Take(encoded.BytesToDecode(Models.Imaging.Thumbnail.LargestSide), stop);
        return Models.Imaging.Thumbnail.Of(encoded.Decode(Models.Imaging.Thumbnail.LargestSide));
    }

    // Returns the images of a part that have one of the labels. If a list gives the labels, all images of a part lie in one folder, and the
    // first label of an image is shown as its class.
    private static IEnumerable<DatasetEntry> Files(UploadedDataset dataset, string part, string[] labels)
    {
        if (ListedImages.Read(dataset.Folder, part) is not { } listed)
        {
            return labels.SelectMany(label => Entries(dataset, part, label, _ => (label, null)));
        }

        return Directory.EnumerateDirectories(Path.Combine(dataset.Folder, part))
            .SelectMany(folder => Entries(
                dataset, part, Path.GetFileName(folder), file => (listed[file].FirstOrDefault() ?? "", listed[file])))
            .Where(image => labels.Length == dataset.Classes.Count || image.Labels!.Intersect(labels).Any());
    }

    private static IEnumerable<DatasetEntry> Entries(
        UploadedDataset dataset, string part, string name, Func<string, (string Label, string[]? Labels)> shown)
    {
        var folder = new DirectoryInfo(Path.Combine(dataset.Folder, part, name));
        return !folder.Exists ? [] : folder.EnumerateFiles().OrderBy(file => file.Name, StringComparer.Ordinal).Select(file =>
        {
            var (label, labels) = shown(file.Name);
            var place = label.Length > 0 ? label : name;
            return new DatasetEntry(
                $"{part}/{name}/{file.Name}",
                place,
                file.Name,
                part,
                file.Length,
                ThumbnailOf(dataset.Id, part, place, file.Name),
                ImageOf(dataset.Id, part, name, file.Name),
                labels);
        });
    }

    private static ServiceException Unknown(string message) =>
        new(ServiceError.UnknownDataset, $"{message}; GET /datasets/ID/images lists the existing images.");
}
