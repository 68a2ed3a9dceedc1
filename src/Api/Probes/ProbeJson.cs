using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fovea.Api.Probes;

/// <summary>The answer of the probes as JSON.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(Health))]
internal sealed partial class ProbeJson : JsonSerializerContext;
