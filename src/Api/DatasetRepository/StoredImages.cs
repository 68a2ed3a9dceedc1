using Fovea.Api.Storage;

namespace Fovea.Api.DatasetRepository;

/// <summary>Lists the images of a stored data set.</summary>
internal static class StoredImages
{
    /// <summary>True: a list gives the labels of the images. False: the class folders do.</summary>
    public static bool IsListed(UploadedDataset dataset) =>
        UploadedDataset.Parts.Any(part => ListedImages.Read(dataset.Folder, part) is not null);

    /// <summary>Returns the images of some parts, each with its hash, in the order of their paths.</summary>
    /// <param name="dataset">The data set.</param>
    /// <param name="parts">The parts, of train, val and test.</param>
    /// <param name="stop">Stops reading.</param>
    /// <exception cref="IOException">The data set was deleted meanwhile.</exception>
    public static async Task<IReadOnlyList<DatasetImage>> Read(
        UploadedDataset dataset, IEnumerable<string> parts, CancellationToken stop)
    {
        DatasetImage[] images =
        [
            .. parts.SelectMany(part => WithoutHash(dataset, part)).OrderBy(image => image.Path, StringComparer.Ordinal),
        ];
        var options = new ParallelOptions { MaxDegreeOfParallelism = DatasetImages.AtOnce, CancellationToken = stop };
        await Parallel.ForEachAsync(Enumerable.Range(0, images.Length), options, (i, _) =>
        {
            images[i] = images[i] with { Sha256 = FileHash.Sha256Of(Path.Combine(dataset.Folder, images[i].Path)) };
            return ValueTask.CompletedTask;
        });
        return images;
    }

    private static IEnumerable<DatasetImage> WithoutHash(UploadedDataset dataset, string part)
    {
        var folder = new DirectoryInfo(Path.Combine(dataset.Folder, part));
        var listed = ListedImages.Read(dataset.Folder, part);
        return !folder.Exists ? [] : folder.EnumerateDirectories().SelectMany(named => named.EnumerateFiles().Select(file =>
            new DatasetImage(
                part, named.Name, file.Name, "", $"{part}/{named.Name}/{file.Name}", listed is null ? [named.Name] : listed[file.Name])));
    }
}
