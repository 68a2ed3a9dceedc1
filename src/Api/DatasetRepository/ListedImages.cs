using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Fovea.Api.DatasetRepository;

/// <summary>
/// Writes the labels of a stored data set: a file labels.jsonl in each part, in the format that the trainer reads in any data set.
/// </summary>
internal static class ListedImages
{
    private const string FileName = "labels.jsonl";

    /// <summary>Writes the list of each part.</summary>
    /// <param name="folder">The data set's folder.</param>
    /// <param name="images">The images, in the order of their paths.</param>
    public static void Write(string folder, IReadOnlyList<DatasetImage> images)
    {
        foreach (var part in images.GroupBy(image => image.Part))
        {
            File.WriteAllText(Path.Combine(folder, part.Key, FileName), string.Concat(part.Select(Line)));
        }
    }

    /// <summary>The labels of each image of a part by the image's name; <c>null</c> if folders give the labels.</summary>
    /// <param name="folder">The data set's folder.</param>
    /// <param name="part">train, val or test.</param>
    public static Dictionary<string, string[]>? Read(string folder, string part)
    {
        var list = Path.Combine(folder, part, FileName);
        return File.Exists(list)
            ? File.ReadLines(list).Select(line => JsonSerializer.Deserialize(line, DatasetJson.Default.ListedImage)!)
                .ToDictionary(image => Path.GetFileName(image.File), image => image.Labels)
            : null;
    }

    /// <summary>The hash of a data set. The hash of its files says nothing about labels that a list gives, so that is added.</summary>
    /// <param name="isListed">Whether a list gives the labels.</param>
    /// <param name="files">The hash of the files' names and contents.</param>
    /// <param name="images">The images, in the order of their paths.</param>
    public static string Hash(bool isListed, string files, IReadOnlyList<DatasetImage> images) => !isListed ? files
        : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(files + string.Concat(images.Select(Line)))));

    private static string Line(DatasetImage image) =>
        JsonSerializer.Serialize(new($"{image.Folder}/{image.File}", [.. image.Labels]), DatasetJson.Default.ListedImage) + "\n";
}

/// <summary>A line of a list of labels.</summary>
/// <param name="File">The path of the image, from the list's folder.</param>
/// <param name="Labels">What it shows.</param>
internal sealed record ListedImage(string File, string[] Labels);
