using System.Text.Json;
using System.Text.Json.Serialization;
using Fovea.Api.Telemetry;

namespace Fovea.Api.InferenceProtocol;

/// <summary>The JSON serializer for the answers of the Open Inference Protocol.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(ServerDescription))]
[JsonSerializable(typeof(ServerLive))]
[JsonSerializable(typeof(ServerReady))]
[JsonSerializable(typeof(ModelReady))]
[JsonSerializable(typeof(ModelTensors))]
[JsonSerializable(typeof(ModelStatisticsList))]
[JsonSerializable(typeof(IReadOnlyList<IndexEntry>))]
internal sealed partial class InferenceJson : JsonSerializerContext;
