using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fovea.Api.Storage;

/// <summary>Disk use as JSON.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(StorageUse))]
internal sealed partial class StorageJson : JsonSerializerContext;
