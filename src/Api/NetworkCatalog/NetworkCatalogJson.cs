using System.Text.Json;
using System.Text.Json.Serialization;
using Fovea.Models.Pretrained;
using Fovea.Models.Summary;

namespace Fovea.Api.NetworkCatalog;

/// <summary>The JSON serializer for descriptions of networks.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(ArchitectureDescription))]
[JsonSerializable(typeof(IReadOnlyList<ArchitectureDescription>))]
[JsonSerializable(typeof(NetworkSummary))]
[JsonSerializable(typeof(IReadOnlyList<PretrainedBase>))]
internal sealed partial class NetworkCatalogJson : JsonSerializerContext;
