using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fovea.Client;

/// <summary>The JSON formats of requests and answers. Unknown properties are skipped, so a newer service can add properties.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(FoveaProblem))]
[JsonSerializable(typeof(ImageClassification))]
[JsonSerializable(typeof(IReadOnlyList<JsonElement>))]
[JsonSerializable(typeof(ImageExplanation))]
[JsonSerializable(typeof(IReadOnlyList<ModelInfo>))]
[JsonSerializable(typeof(AnswerPage<DatasetInfo>))]
[JsonSerializable(typeof(FineTuningRequest))]
[JsonSerializable(typeof(AnswerPage<FineTuningJob>))]
[JsonSerializable(typeof(AnswerPage<FineTuningEvent>))]
internal sealed partial class ClientJson : JsonSerializerContext;
