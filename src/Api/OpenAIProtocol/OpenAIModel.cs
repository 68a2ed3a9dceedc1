using System.Text.Json.Serialization;

namespace Fovea.Api.OpenAIProtocol;

/// <summary>A model that jobs can start from, or have made.</summary>
/// <param name="Id">The name of the model.</param>
/// <param name="Object">Always model.</param>
/// <param name="Created">The time at which the model's newest version was written, in seconds since 1970.</param>
/// <param name="OwnedBy">fovea for a model of the repository; for a pretrained base, the source of its weights.</param>
internal sealed record OpenAIModel(
    string Id, string Object, long Created, [property: JsonPropertyName("owned_by")] string OwnedBy);
