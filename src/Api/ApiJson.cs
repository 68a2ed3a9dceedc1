using System.Text.Json;
using System.Text.Json.Serialization;
using Fovea.Api.Tuning;
using Fovea.Models;

namespace Fovea.Api;

/// <summary>How everything that the service answers becomes JSON.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(Answer))]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(IReadOnlyList<object>))]
[JsonSerializable(typeof(ModelDescription))]
[JsonSerializable(typeof(IReadOnlyList<ModelDescription>))]
[JsonSerializable(typeof(ArchitectureDescription))]
[JsonSerializable(typeof(IReadOnlyList<ArchitectureDescription>))]
[JsonSerializable(typeof(NetworkSummary))]
[JsonSerializable(typeof(Dataset))]
[JsonSerializable(typeof(Page<Dataset>))]
[JsonSerializable(typeof(Page<DatasetEntry>))]
[JsonSerializable(typeof(Health))]
[JsonSerializable(typeof(Dictionary<string, MeasuredSize[]>))]
[JsonSerializable(typeof(Diagnosis))]
[JsonSerializable(typeof(InferenceError))]
[JsonSerializable(typeof(ServerDescription))]
[JsonSerializable(typeof(ServerLive))]
[JsonSerializable(typeof(ServerReady))]
[JsonSerializable(typeof(ModelReady))]
[JsonSerializable(typeof(ModelTensors))]
[JsonSerializable(typeof(ModelStatisticsList))]
[JsonSerializable(typeof(IReadOnlyList<IndexEntry>))]
internal sealed partial class ApiJson : JsonSerializerContext;
