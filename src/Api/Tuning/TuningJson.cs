using System.Text.Json;
using System.Text.Json.Serialization;
using Fovea.Api.Scheduling;

namespace Fovea.Api.Tuning;

/// <summary>The JSON serializer for measured batch sizes.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(Dictionary<string, MeasuredSize[]>))]
internal sealed partial class TuningJson : JsonSerializerContext;
