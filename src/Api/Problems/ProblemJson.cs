using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fovea.Api.Problems;

/// <summary>The JSON serializer for problem documents.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(InferenceError))]
[JsonSerializable(typeof(OpenAIErrorDocument))]
[JsonSerializable(typeof(CustomVisionError))]
internal sealed partial class ProblemJson : JsonSerializerContext
{
    /// <summary>The serializer for problems that does not escape characters such as quotes in messages.</summary>
    public static ProblemJson Readable { get; } =
        new(new(JsonSerializerDefaults.Web) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
