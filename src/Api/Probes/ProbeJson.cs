using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fovea.Api.Probes;

/// <summary>The JSON serializer for the answers of the probes.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(Health))]
internal sealed partial class ProbeJson : JsonSerializerContext;
