namespace Fovea.Api.DatasetRepository;

/// <summary>An image of a data set.</summary>
/// <param name="Part">The part that the image belongs to: train, val or test.</param>
/// <param name="Folder">The image's folder in the part: the class, or one common folder if a list gives the labels.</param>
/// <param name="File">The name of the image file.</param>
/// <param name="Sha256">The SHA-256 of the file's bytes, in hexadecimal.</param>
/// <param name="Archived">The path of the file in the archive.</param>
/// <param name="Labels">The labels of the image; exactly one if class folders give the labels.</param>
internal sealed record DatasetImage(
    string Part, string Folder, string File, string Sha256, string Archived, IReadOnlyList<string> Labels)
{
    /// <summary>The image's path in the data set's folder.</summary>
    public string Path => $"{Part}/{Folder}/{File}";

    /// <summary>Whether another image is in the same part and has the same labels.</summary>
    public bool Means(DatasetImage other) => Part == other.Part && Labels.SequenceEqual(other.Labels);
}
