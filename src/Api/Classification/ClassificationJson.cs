using System.Text.Json;
using System.Text.Json.Serialization;
using Fovea.Api.Problems;

namespace Fovea.Api.Classification;

/// <summary>The JSON serializer for answers to images. A list contains answers and problem documents.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(Answer))]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(IReadOnlyList<object>))]
internal sealed partial class ClassificationJson : JsonSerializerContext;
