using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Fovea.Api.DatasetRepository;

/// <summary>
/// Writes and reads the labels of a stored data set: a file labels.jsonl in the folder of each part, in the format that the training
/// program reads.
/// </summary>
internal static class ListedImages
{
    private const string FileName = "labels.jsonl";

    /// <summary>Writes the list of labels of each part.</summary>
    /// <param name="folder">The data set's folder.</param>
    /// <param name="images">The images, in the order of their paths.</param>
    public static void Write(string folder, IReadOnlyList<DatasetImage> images)
    {
        foreach (var part in images.GroupBy(image => image.Part))
        {
            File.WriteAllText(Path.Combine(folder, part.Key, FileName), string.Concat(part.Select(Line)));
        }
    }

    /// <summary>Returns the labels of each image of a part, by the name of the image file; null if class folders give the labels.</summary>
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

    /// <summary>
    /// Returns the hash of a data set, in hexadecimal. Paths contain the labels only if class folders give them, so for a list the hash
    /// also covers the list.
    /// </summary>
    /// <param name="isListed">Whether a list gives the labels.</param>
    /// <param name="files">The hash of the files' names and contents.</param>
    /// <param name="images">The images, in the order of their paths.</param>
    public static string Hash(bool isListed, string files, IReadOnlyList<DatasetImage> images) => !isListed ? files
        : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(files + string.Concat(images.Select(Line)))));

    private static string Line(DatasetImage image) =>
        JsonSerializer.Serialize(new($"{image.Folder}/{image.File}", [.. image.Labels]), DatasetJson.Default.ListedImage) + "\n";
}

/// <summary>One line of a list of labels.</summary>
/// <param name="File">The path of the image, relative to the folder of the list.</param>
/// <param name="Labels">The labels of the image.</param>
internal sealed record ListedImage(string File, string[] Labels);
