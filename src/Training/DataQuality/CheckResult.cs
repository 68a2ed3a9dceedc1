using System.Text.Json.Serialization;

namespace Fovea.Training.DataQuality;

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
