using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Fovea.Api.FineTuning;

namespace Fovea.Api.OpenAIProtocol;

/// <summary>The JSON serializer for answers in the form of OpenAI's API.</summary>
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
