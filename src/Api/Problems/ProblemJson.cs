using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fovea.Api.Problems;

/// <summary>Problems as JSON.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(InferenceError))]
internal sealed partial class ProblemJson : JsonSerializerContext;
