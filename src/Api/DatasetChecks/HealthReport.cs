using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fovea.Api.DatasetChecks;

/// <summary>The findings about the images of a data set.</summary>
/// <param name="Dataset">The data set's id.</param>
/// <param name="Images">The number of images that were checked.</param>
/// <param name="MultiLabel">Whether an image can have several labels, or none.</param>
/// <param name="Classes">The classes with their numbers of images.</param>
/// <param name="Checks">The checks in their order, the gravest first, each with what it found.</param>
internal sealed record HealthReport(
    string Dataset, int Images, bool MultiLabel, IReadOnlyList<CheckedClass> Classes, IReadOnlyList<CheckOutcome> Checks)
{
    private const string Unreadable = "unreadable";

    /// <summary>Returns the report with the addresses of all images that can be read.</summary>
    public HealthReport WithAddresses() => this with
    {
        Checks = [.. Checks.Select(check => check.Check == Unreadable ? check : check with
        {
            Findings = [.. check.Findings.Select(finding => finding with
            {
                Images = [.. finding.Images.Select(image => image.WithAddresses(Dataset))],
            })],
        })],
    };
}

/// <summary>The number of images of a class or label.</summary>
/// <param name="Label">The name of the class or label.</param>
/// <param name="Count">The number of images.</param>
internal sealed record CheckedClass(string Label, int Count);

/// <summary>The findings of one check.</summary>
/// <param name="Check">The check's name, such as leaks, near-duplicates or labels.</param>
/// <param name="Title">The name for people.</param>
/// <param name="Meaning">What a finding means, and what to do.</param>
/// <param name="Count">The number of findings.</param>
/// <param name="Findings">The findings, the worst first.</param>
/// <param name="NotChecked">
/// A sentence that names the images which the check does not look at. Left out of the JSON if it looks at all images.
/// </param>
internal sealed record CheckOutcome(
    string Check,
    string Title,
    string Meaning,
    int Count,
    IReadOnlyList<CheckFinding> Findings,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? NotChecked = null);

/// <summary>A problem with some images, or with a class, that a check has found.</summary>
/// <param name="Reason">The problem, as a sentence.</param>
/// <param name="Images">The images with the problem; none for a problem of a class.</param>
/// <param name="Suggested">The class that the image probably has. Left out of the JSON if the label is not in doubt.</param>
internal sealed record CheckFinding(
    string Reason,
    IReadOnlyList<FoundImage> Images,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Suggested = null);

/// <summary>The JSON serializer for the findings about a data set.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(HealthReport))]
internal sealed partial class DatasetCheckJson : JsonSerializerContext;
