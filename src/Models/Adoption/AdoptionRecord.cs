using System.Text.Json;
using System.Text.Json.Serialization;
using Fovea.Models.Graphs;
using Fovea.Models.Metadata;

namespace Fovea.Models.Adoption;

/// <summary>
/// The facts about its adoption that an adopted file keeps, in the metadata property <c>fovea.adoption</c>. A file with this property is
/// served as it is.
/// </summary>
/// <param name="Sha256">The SHA-256 of the original file, in hexadecimal.</param>
/// <param name="Settings">The <see cref="AdoptionSettings.Hash"/> of what decided beside the original file.</param>
/// <param name="Classes">The number of classes; 0 for a base that has features and no classes.</param>
/// <param name="Findings">The findings.</param>
/// <param name="Original">The original input and output.</param>
/// <param name="ServesOriginal">
/// Whether the original file is served with the metadata of this file, which then has no weights. Only in the cache.
/// </param>
internal sealed record AdoptionRecord(
    string Sha256, string Settings, int Classes, Findings Findings, OriginalForm Original, bool ServesOriginal = false)
{
    /// <summary>Reads the property; <c>null</c> if there is none, or if it is not one that Fovea wrote.</summary>
    /// <param name="properties">The metadata properties of a file.</param>
    public static AdoptionRecord? Read(IEnumerable<KeyValuePair<string, string>> properties)
    {
        var text = properties.LastOrDefault(property => property.Key == ModelMetadata.AdoptionKey).Value;
        try
        {
            return text is null ? null : JsonSerializer.Deserialize(text, AdoptionJson.Default.AdoptionRecord) is { } record
                && IsWhole(record) ? record : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    // A file may come from anywhere.
    private static bool IsWhole(AdoptionRecord record) =>
        !((OriginalTensor?[])[record.Original.Input, record.Original.Output]).Any(tensor => tensor is { Dimensions.IsDefault: true })
        && !record.Findings.Found.Values.Concat(record.Findings.Changed).Concat(record.Findings.Assumed).Concat(record.Findings.Needs)
            .Any(sentence => sentence is null);

    /// <summary>Writes the property.</summary>
    /// <param name="graph">The adopted graph.</param>
    public void WriteTo(Graph graph) =>
        graph.Metadata[ModelMetadata.AdoptionKey] = JsonSerializer.Serialize(this, AdoptionJson.Default.AdoptionRecord);
}

[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(AdoptionRecord))]
internal sealed partial class AdoptionJson : JsonSerializerContext;
