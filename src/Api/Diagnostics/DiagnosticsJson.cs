using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fovea.Api.Diagnostics;

/// <summary>The diagnosis as JSON.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(Diagnosis))]
internal sealed partial class DiagnosticsJson : JsonSerializerContext;
