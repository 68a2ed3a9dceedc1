using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fovea.Api.ModelRepository;

/// <summary>The JSON serializer for descriptions of models.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(ModelDescription))]
[JsonSerializable(typeof(IReadOnlyList<ModelDescription>))]
internal sealed partial class ModelRepositoryJson : JsonSerializerContext;
