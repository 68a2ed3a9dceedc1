using System.Text.Json;
using System.Text.Json.Serialization;
using Fovea.Api.Problems;

namespace Fovea.Api.Classification;

/// <summary>Answers to images as JSON. A list holds answers and problems.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(Answer))]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(IReadOnlyList<object>))]
internal sealed partial class ClassificationJson : JsonSerializerContext;
