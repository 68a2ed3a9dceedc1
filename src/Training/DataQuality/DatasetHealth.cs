using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fovea.Training.DataQuality;

/// <summary>The findings about the images of a data set. The property names are the JSON format of <c>data check</c>.</summary>
/// <param name="Dataset">The data set's name.</param>
/// <param name="Images">The number of readable images.</param>
/// <param name="MultiLabel">Whether an image can have several labels, or none.</param>
/// <param name="Classes">The classes with their numbers of images.</param>
/// <param name="Checks">The checks in the order of the page, each with its findings.</param>
internal sealed record DatasetHealth(
    string Dataset, int Images, bool MultiLabel, IReadOnlyList<ClassSize> Classes, IReadOnlyList<CheckResult> Checks)
{
    /// <summary>The number of findings of all checks.</summary>
    public int Findings => Checks.Sum(check => check.Count);

    /// <summary>Returns the JSON text.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, DatasetHealthJson.Default.DatasetHealth);
}

/// <summary>The number of images of a class or label.</summary>
/// <param name="Label">The name of the class or label.</param>
/// <param name="Count">The number of images.</param>
internal sealed record ClassSize(string Label, int Count);

/// <summary>The findings of one check.</summary>
/// <param name="Check">The check's name: lower case, with hyphens.</param>
/// <param name="Title">The name for people.</param>
/// <param name="Meaning">What a finding means, and what to do, in sentences.</param>
/// <param name="Count">The number of findings.</param>
/// <param name="Findings">The findings, the worst first.</param>
internal sealed record CheckResult(string Check, string Title, string Meaning, int Count, IReadOnlyList<HealthFinding> Findings)
{
    /// <summary>
    /// A sentence that names the images which the check leaves out; null, and left out of the JSON, if it looks at all images.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? NotChecked { get; init; }
}

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

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(DatasetHealth))]
internal sealed partial class DatasetHealthJson : JsonSerializerContext;
