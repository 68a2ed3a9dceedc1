using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fovea.Api.Diagnostics;

/// <summary>The JSON serializer for the answer of <c>/diagnostics</c>.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(Diagnosis))]
internal sealed partial class DiagnosticsJson : JsonSerializerContext;
