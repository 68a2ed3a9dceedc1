using System.Text.Json;
using System.Text.Json.Serialization;
using Fovea.Models.Graphs;
using Fovea.Models.Metadata;

namespace Fovea.Models.Adoption;

/// <summary>
/// The record of an adoption, stored as JSON in the adopted file's metadata property <c>fovea.adoption</c>. A file with this property is
/// served without another adoption.
/// </summary>
/// <param name="Sha256">The SHA-256 of the original file, in hexadecimal.</param>
/// <param name="Settings">The <see cref="AdoptionSettings.Hash"/> of model.json and the other files beside the original file.</param>
/// <param name="Classes">The number of classes; 0 for a base whose outputs are features.</param>
/// <param name="Findings">The findings.</param>
/// <param name="Original">The original input and output.</param>
/// <param name="ServesOriginal">
/// Whether the service runs the original file with the metadata of this file. This file then has no weights; only the adoption cache holds
/// such files.
/// </param>
internal sealed record AdoptionRecord(
    string Sha256, string Settings, int Classes, Findings Findings, OriginalForm Original, bool ServesOriginal = false)
{
    /// <summary>Reads the property; <c>null</c> if it is missing or is not a complete record as Fovea writes it.</summary>
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

    // Other software may have written the property, so a list or a sentence may be missing.
    private static bool IsWhole(AdoptionRecord record) =>
        !((OriginalTensor?[])[record.Original.Input, record.Original.Output]).Any(tensor => tensor is { Dimensions.IsDefault: true })
        && !record.Findings.Found.Values.Concat(record.Findings.Changed).Concat(record.Findings.Assumed).Concat(record.Findings.Needs)
            .Any(sentence => sentence is null);

    /// <summary>Writes the record into the graph's metadata property <c>fovea.adoption</c>.</summary>
    /// <param name="graph">The adopted graph.</param>
    public void WriteTo(Graph graph) =>
        graph.Metadata[ModelMetadata.AdoptionKey] = JsonSerializer.Serialize(this, AdoptionJson.Default.AdoptionRecord);
}

[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(AdoptionRecord))]
internal sealed partial class AdoptionJson : JsonSerializerContext;
