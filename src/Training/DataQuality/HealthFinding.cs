using System.Text.Json.Serialization;

namespace Fovea.Training.DataQuality;

/// <summary>A finding of a check: a problem with some images, or with a class.</summary>
/// <param name="Reason">The problem, as a sentence.</param>
/// <param name="Images">The images with the problem; none for a problem of a class.</param>
/// <param name="Suggested">The class that the image probably has; null, and left out of the JSON, if the label is not in doubt.</param>
internal sealed record HealthFinding(
    string Reason,
    IReadOnlyList<HealthImage> Images,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Suggested = null);

/// <summary>An image of a finding.</summary>
/// <param name="File">The file's path in the data set, with slashes, or the image's position within a file of many.</param>
/// <param name="Labels">The image's class, or its labels; none for a file that is not a readable image.</param>
/// <param name="Part">
/// The part of the data set that contains the image: train, val or test; null, and left out of the JSON, if the data set is not divided.
/// </param>
internal sealed record HealthImage(
    string File,
    IReadOnlyList<string> Labels,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Part)
{
    /// <summary>The index of the image among the images that were checked; null for a file that is not a readable image.</summary>
    [JsonIgnore]
    public int? Index { get; init; }
}
