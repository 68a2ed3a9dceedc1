using System.Text.Json.Serialization;

namespace Fovea.Api;

/// <summary>An uploaded data set, which never changes: class folders of images that were each decoded once, divided into parts.</summary>
/// <param name="Id">Its name, ds_ and 16 hexadecimal digits; another for each upload, also of the same images.</param>
/// <param name="Hash">
/// SHA-256 over its files' names and contents, in hexadecimal: what <c>sha256sum</c> says of its own list of the files, in the order of
/// their paths.
/// </param>
/// <param name="CreatedAt">When it was uploaded, in seconds since 1970.</param>
/// <param name="Classes">The classes in the order of their labels, at least two.</param>
/// <param name="Refused">The files of the archive that are no part of it, and why.</param>
internal sealed record Dataset(
    string Id,
    string Hash,
    [property: JsonPropertyName("created_at")] long CreatedAt,
    IReadOnlyList<DatasetClass> Classes,
    IReadOnlyList<RefusedFile> Refused)
{
    /// <summary>
    /// The parts: what is learned from, what models are chosen and compared by, and, where the archive has one, what is looked at last.
    /// </summary>
    public const string Train = "train", Validation = "val", Test = "test";

    /// <summary>Their names, in the order of their use.</summary>
    public static IReadOnlyList<string> Parts { get; } = [Train, Validation, Test];

    /// <summary>The folder, an absolute path, with a sub-folder for each part and in it one for each class.</summary>
    [JsonIgnore]
    public string Folder { get; init; } = "";
}

/// <summary>A class of a data set.</summary>
/// <param name="Label">Its name, that of the folder.</param>
/// <param name="Count">Its images, in all parts together.</param>
/// <param name="Train">Those that are learned from, at least 1.</param>
/// <param name="Val">Those that models are compared by, at least 1.</param>
/// <param name="Test">Those set aside by the archive itself.</param>
internal sealed record DatasetClass(string Label, int Count, int Train, int Val, int Test);

/// <summary>A file that is no part of a data set.</summary>
/// <param name="File">Its path in the archive, at most 500 characters of it.</param>
/// <param name="Reason">Why not.</param>
internal sealed record RefusedFile(string File, string Reason)
{
    private const int MostPath = 500;

    /// <summary>The path in the archive, at most 500 characters of it.</summary>
    public string File { get; } = ReadableText.Shortened(File, MostPath);
}
