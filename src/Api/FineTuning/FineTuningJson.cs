using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Fovea.Api.Requests;

namespace Fovea.Api.FineTuning;

/// <summary>The JSON serializer for answers about jobs.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(JobAnswer))]
[JsonSerializable(typeof(JobEventAnswer))]
[JsonSerializable(typeof(Page<JobAnswer>))]
[JsonSerializable(typeof(Page<JobEventAnswer>))]
[JsonSerializable(typeof(Page<JobCheckpointAnswer>))]
internal sealed partial class FineTuningJson : JsonSerializerContext
{
    /// <summary>
    /// The serializer that does not escape characters such as quotes in messages. The service's other answers do not escape them either.
    /// </summary>
    public static FineTuningJson Readable { get; } =
        new(new(JsonSerializerDefaults.Web) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
