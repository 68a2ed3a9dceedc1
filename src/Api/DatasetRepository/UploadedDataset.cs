using System.Text.Json.Serialization;
using Fovea.Models.Annotations;

namespace Fovea.Api.DatasetRepository;

/// <summary>
/// An uploaded data set: images with labels, divided into the parts train, val and test. It never changes. Each image was decoded once
/// during the upload.
/// </summary>
/// <param name="Id">
/// The data set's id: ds_ and 16 hexadecimal digits. Every upload gets a new id, even if the images are the same.
/// </param>
/// <param name="Hash">
/// SHA-256 over the names and contents of the files, in hexadecimal. The same value results from <c>sha256sum</c> over the list that
/// <c>sha256sum</c> prints for the files in the order of their paths.
/// </param>
/// <param name="CreatedAt">The time of the upload, in seconds since 1970.</param>
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
    /// The names of the parts: train for training; val for choosing and comparing models; test, which not every data set has, for the final
    /// measurement.
    /// </summary>
    public const string Train = "train", Validation = "val", Test = "test";

    /// <summary>
    /// The name of the part with images that nobody has labelled yet. It is not among <see cref="Parts"/>, and training ignores it.
    /// </summary>
    public const string Unlabelled = "unlabelled";

    /// <summary>The names of the parts, in the order of their use.</summary>
    public static IReadOnlyList<string> Parts { get; } = [Train, Validation, Test];

    /// <summary>The names of the parts whose images can be listed: <see cref="Parts"/> and <see cref="Unlabelled"/>.</summary>
    public static IReadOnlyList<string> ListedParts { get; } = [.. Parts, Unlabelled];

    /// <summary>The name that the owner gave the data set, 1 to 100 characters; null, and left out of the JSON, if it has none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Name { get; init; }

    /// <summary>
    /// The size of the image files and lists of labels in bytes; null, and left out of the JSON, if an older release received the data set.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Bytes { get; init; }

    /// <summary>
    /// The id of the older data set whose corrections made this one; null, and left out of the JSON, if this one was uploaded whole.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? From { get; init; }

    /// <summary>The number of images that the corrections moved to another class or gave other labels; null without corrections.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Moved { get; init; }

    /// <summary>The number of images that the corrections removed; null without corrections.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Removed { get; init; }

    /// <summary>The number of images that the corrections added; null without corrections.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Added { get; init; }

    /// <summary>Whether an image can have several labels, or none. Left out of the JSON if each image has exactly one class.</summary>
    [JsonPropertyName("multiLabel")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool IsMultiLabel { get; init; }

    /// <summary>
    /// The absolute path of the data set's folder. It has a folder for each part, and in each part a folder for each class.
    /// </summary>
    [JsonIgnore]
    public string Folder { get; init; } = "";

    /// <summary>The name of the data set, or its id if it has no name.</summary>
    [JsonIgnore]
    public string Title => Name ?? Id;

    /// <summary>Returns the name of a part's folder; null if the part is null.</summary>
    public static string? PartOf(DataPart? part) => part switch
    {
        DataPart.Train => Train,
        DataPart.Validation => Validation,
        DataPart.Test => Test,
        _ => null,
    };
}
