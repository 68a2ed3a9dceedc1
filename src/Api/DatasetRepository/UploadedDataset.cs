using System.Text.Json.Serialization;
using Fovea.Api.Problems;
using Fovea.Models.Annotations;

namespace Fovea.Api.DatasetRepository;

/// <summary>
/// An uploaded data set: class folders of images, divided into parts. It never changes. Each image was decoded once during the upload.
/// </summary>
/// <param name="Id">
/// The data set's name: ds_ and 16 hexadecimal digits. Every upload gets a new one, even if the images are the same.
/// </param>
/// <param name="Hash">
/// SHA-256 over the names and contents of the files, in hexadecimal. The same value results from <c>sha256sum</c> over the list that
/// <c>sha256sum</c> prints of the files in the order of their paths.
/// </param>
/// <param name="CreatedAt">When it was uploaded, in seconds since 1970.</param>
/// <param name="Classes">The classes in the order of their labels, at least two.</param>
/// <param name="Refused">The files of the archive that were left out, each with the reason.</param>
internal sealed record UploadedDataset(
    string Id,
    string Hash,
    [property: JsonPropertyName("created_at")] long CreatedAt,
    IReadOnlyList<DatasetClass> Classes,
    IReadOnlyList<RefusedFile> Refused)
{
    /// <summary>
    /// The parts: train for training, val for choosing and comparing models, and, if the archive has one, test for the final measurement.
    /// </summary>
    public const string Train = "train", Validation = "val", Test = "test";

    /// <summary>The names of the parts, in the order of their use.</summary>
    public static IReadOnlyList<string> Parts { get; } = [Train, Validation, Test];

    /// <summary>The name that its owner gave it, 1 to 100 characters; null: none. Left out of the JSON then.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Name { get; init; }

    /// <summary>The bytes of its image files and lists; null: an older service has received it. Left out of the JSON then.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Bytes { get; init; }

    /// <summary>The data set of which corrections made this one; null: an archive has all images. Left out of the JSON then.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? From { get; init; }

    /// <summary>The images that the corrections moved to another class, or gave other labels; null without corrections.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Moved { get; init; }

    /// <summary>The images that the corrections took out; null without corrections.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Removed { get; init; }

    /// <summary>The images that the corrections added; null without corrections.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Added { get; init; }

    /// <summary>Whether an image can have several labels, or none. Left out of the JSON where each has one.</summary>
    [JsonPropertyName("multiLabel")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool IsMultiLabel { get; init; }

    /// <summary>The folder, an absolute path, with a sub-folder for each part and in it one for each class.</summary>
    [JsonIgnore]
    public string Folder { get; init; } = "";

    /// <summary>The name, or the id of a data set without one.</summary>
    [JsonIgnore]
    public string Title => Name ?? Id;

    /// <summary>The name of a part's folder; null for no part.</summary>
    public static string? PartOf(DataPart? part) => part switch
    {
        DataPart.Train => Train,
        DataPart.Validation => Validation,
        DataPart.Test => Test,
        _ => null,
    };
}

/// <summary>A class of a data set.</summary>
/// <param name="Label">The name of the class, which is the name of its folder.</param>
/// <param name="Count">The number of images in all parts together.</param>
/// <param name="Train">The number of images to train on, at least 1.</param>
/// <param name="Val">The number of images to validate with, at least 1.</param>
/// <param name="Test">The number of test images; 0 if the archive has no test part.</param>
internal sealed record DatasetClass(string Label, int Count, int Train, int Val, int Test);

/// <summary>A file of an archive that was left out of the data set.</summary>
/// <param name="File">The path in the archive, shortened to 500 characters.</param>
/// <param name="Reason">The reason, as a sentence.</param>
internal sealed record RefusedFile(string File, string Reason)
{
    private const int MostPath = 500;

    /// <summary>The path in the archive, shortened to 500 characters.</summary>
    public string File { get; } = ReadableText.Shortened(File, MostPath);
}
