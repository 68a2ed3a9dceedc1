using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fovea.Api.Explanation;

/// <summary>The JSON serializer for explanations.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(ExplanationAnswer))]
internal sealed partial class ExplanationJson : JsonSerializerContext;
