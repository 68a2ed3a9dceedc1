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

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(DatasetHealth))]
internal sealed partial class DatasetHealthJson : JsonSerializerContext;
