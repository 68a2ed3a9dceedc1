using System.Text.Json.Serialization;
using Fovea.Models;

namespace Fovea.Api;

/// <summary>Shows the images of data sets.</summary>
internal sealed class DatasetGallery(DatasetStore datasets, Settings settings, DecodingBudget budget)
{
    /// <summary>The images of a data set, those of one class or of all, in the order of their paths.</summary>
    /// <exception cref="FoveaException">There is no such data set, or class in it.</exception>
    public IReadOnlyList<DatasetEntry> List(string id, string? label)
    {
        var dataset = datasets.Get(id);
        var labels = dataset.Classes.Select(c => c.Label).Where(name => string.IsNullOrEmpty(label) || name == label).ToArray();
        return labels is not [] ? [.. Dataset.Parts.SelectMany(part => labels.SelectMany(name => Files(dataset, part, name)))] : throw Unknown($"{id} has no class {label}");
    }

    /// <summary>A small picture of an image.</summary>
    /// <param name="id">The data set.</param>
    /// <param name="label">The image's class.</param>
    /// <param name="file">The image's own name.</param>
    /// <param name="part">The part that it is in; null: whichever has it.</param>
    /// <param name="stop">The client has gone.</param>
    /// <exception cref="FoveaException">There is no such image.</exception>
    public async Task<Thumbnail> Thumbnail(string id, string label, string file, string? part, CancellationToken stop)
    {
        var dataset = datasets.Get(id);

        // Looked up in lists, so that no name of a request becomes a path.
        var image = Dataset.Parts.Where(one => string.IsNullOrEmpty(part) || one == part)
            .SelectMany(one => dataset.Classes.Where(c => c.Label == label).SelectMany(c => Files(dataset, one, c.Label)))
            .FirstOrDefault(image => image.File == file) ?? throw Unknown($"{id} has no image {label}/{file}");
        using var encoded = EncodedImage.Open(await File.ReadAllBytesAsync(Path.Combine(dataset.Folder, image.Id), stop), settings.ImageLimits);
        using var share = await budget.Take(encoded.BytesToDecode(Models.Thumbnail.LargestSide), stop);
        return Models.Thumbnail.Of(encoded.Decode(Models.Thumbnail.LargestSide));
    }

    private static IEnumerable<DatasetEntry> Files(Dataset dataset, string part, string label)
    {
        var folder = new DirectoryInfo(Path.Combine(dataset.Folder, part, label));
        return folder.Exists ? folder.EnumerateFiles().OrderBy(file => file.Name, StringComparer.Ordinal).Select(file => new DatasetEntry(
            $"{part}/{label}/{file.Name}", label, file.Name, part, file.Length,
            $"/datasets/{dataset.Id}/thumbnails/{Uri.EscapeDataString(label)}/{Uri.EscapeDataString(file.Name)}?part={part}")) : [];
    }

    private static FoveaException Unknown(string message) => new(ErrorCode.UnknownDataset, $"{message}; GET /datasets/ID/images lists those that there are.");
}

/// <summary>An image of a data set.</summary>
/// <param name="Id">Its path in the data set.</param>
/// <param name="Label">Its class.</param>
/// <param name="File">Its own name.</param>
/// <param name="Part">What it is for: train, val or test.</param>
/// <param name="Bytes">The size of its file.</param>
/// <param name="Thumbnail">The address of a small picture of it.</param>
internal sealed record DatasetEntry(string Id, [property: JsonPropertyName("class")] string Label, string File, string Part, long Bytes, string Thumbnail);
