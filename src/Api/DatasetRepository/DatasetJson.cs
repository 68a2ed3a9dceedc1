using System.Text.Json;
using System.Text.Json.Serialization;
using Fovea.Api.Requests;

namespace Fovea.Api.DatasetRepository;

/// <summary>The JSON serializer for data sets.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(UploadedDataset))]
[JsonSerializable(typeof(ListedImage))]
[JsonSerializable(typeof(Dictionary<string, string>))]
[JsonSerializable(typeof(Page<UploadedDataset>))]
[JsonSerializable(typeof(Page<DatasetEntry>))]
internal sealed partial class DatasetJson : JsonSerializerContext;
