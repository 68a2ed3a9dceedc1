using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fovea.Api.Explanation;

/// <summary>Explanations as JSON.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(ExplanationAnswer))]
internal sealed partial class ExplanationJson : JsonSerializerContext;
