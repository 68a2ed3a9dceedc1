using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Fovea.Api.FineTuning;

namespace Fovea.Api.OpenAIProtocol;

/// <summary>The JSON serialization of the answers in OpenAI's form.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(OpenAIModel))]
[JsonSerializable(typeof(OpenAIFile))]
[JsonSerializable(typeof(OpenAIJob))]
[JsonSerializable(typeof(OpenAIDeletion))]
[JsonSerializable(typeof(OpenAIList<OpenAIModel>))]
[JsonSerializable(typeof(OpenAIList<OpenAIFile>))]
[JsonSerializable(typeof(OpenAIList<OpenAIJob>))]
[JsonSerializable(typeof(OpenAIList<JobEventAnswer>))]
[JsonSerializable(typeof(OpenAIList<OpenAICheckpoint>))]
[JsonSerializable(typeof(JsonObject))]
internal sealed partial class OpenAIJson : JsonSerializerContext;
