using System.Text.Json;
using System.Text.Json.Serialization;
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
[JsonSerializable(typeof(Health))]
[JsonSerializable(typeof(Dictionary<string, MeasuredSize[]>))]
internal sealed partial class ApiJson : JsonSerializerContext;
