using System.Text.Json.Serialization;

namespace Fovea.Api.DatasetRepository;

/// <summary>An image of a data set.</summary>
/// <param name="Id">The path of the image in the data set.</param>
/// <param name="Label">
/// The class of the image. If a list gives the labels, this is the first label, or the folder's name if the image has no label.
/// </param>
/// <param name="File">The name of the image file.</param>
/// <param name="Part">The part that the image belongs to: train, val, test or unlabelled.</param>
/// <param name="Bytes">The size of the file in bytes.</param>
/// <param name="Thumbnail">The address of the image's thumbnail.</param>
/// <param name="Image">The address of the image itself.</param>
/// <param name="Labels">The labels of the image. Left out if class folders give the labels.</param>
internal sealed record DatasetEntry(
    string Id,
    [property: JsonPropertyName("class")] string Label,
    string File,
    string Part,
    long Bytes,
    string Thumbnail,
    string Image,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? Labels = null);
