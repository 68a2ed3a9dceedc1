using System.Text.Json.Serialization;
using Fovea.Api.DatasetRepository;

namespace Fovea.Api.DatasetChecks;

/// <summary>An image of a finding.</summary>
/// <param name="File">The path of the image in the data set, which is also its id in the list of the data set's images.</param>
/// <param name="Labels">The class or the labels of the image.</param>
/// <param name="Part">The part of the data set that contains the image: train, val or test.</param>
/// <param name="Thumbnail">The address of the image's thumbnail. Left out of the JSON for a file that is not a readable image.</param>
/// <param name="Image">The address of the image itself. Left out of the JSON for a file that is not a readable image.</param>
internal sealed record FoundImage(
    string File,
    IReadOnlyList<string> Labels,
    string? Part,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Thumbnail = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Image = null)
{
    /// <summary>Returns the image with its addresses.</summary>
    /// <param name="dataset">The data set's id.</param>
    public FoundImage WithAddresses(string dataset) => File.Split('/') is [var part, var folder, var file]
        ? this with
        {
            Thumbnail = DatasetGallery.ThumbnailOf(dataset, part, Labels is [var first, ..] ? first : folder, file),
            Image = DatasetGallery.ImageOf(dataset, part, folder, file),
        }
        : this;
}
