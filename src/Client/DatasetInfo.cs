using System.Text.Json.Serialization;

namespace Fovea.Client;

/// <summary>A data set on the service. It never changes.</summary>
/// <param name="Id">The name in requests: ds_ and 16 hexadecimal digits.</param>
/// <param name="Hash">SHA-256 over the names and contents of the files, in hexadecimal.</param>
/// <param name="CreatedAt">The time of the upload, to the second.</param>
/// <param name="Classes">The classes in the order of their labels, at least two.</param>
/// <param name="Refused">The files of the archive that were left out.</param>
/// <param name="Name">The name that the owner gave to the data set; null: no name.</param>
/// <param name="MultiLabel">Whether an image can have several labels, or none.</param>
public sealed record DatasetInfo(
    string Id,
    string Hash,
    [property: JsonPropertyName("created_at"), JsonConverter(typeof(UnixSeconds))] DateTimeOffset CreatedAt,
    IReadOnlyList<DatasetClassInfo> Classes,
    IReadOnlyList<LeftOutFile> Refused,
    string? Name = null,
    bool MultiLabel = false);

/// <summary>A class of a data set.</summary>
/// <param name="Label">The name of the class.</param>
/// <param name="Count">The number of images in all parts together.</param>
/// <param name="Train">The number of images to train on.</param>
/// <param name="Val">The number of images to validate with.</param>
/// <param name="Test">The number of test images; 0 if the data set has no such part.</param>
public sealed record DatasetClassInfo(string Label, int Count, int Train, int Val, int Test);

/// <summary>A file of an archive that was left out of the data set.</summary>
/// <param name="File">The path in the archive, at most 500 characters.</param>
/// <param name="Reason">The reason, as a sentence.</param>
public sealed record LeftOutFile(string File, string Reason);
