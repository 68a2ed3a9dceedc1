using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fovea.Api.CustomVision;

/// <summary>The JSON serialization of the answers in Custom Vision's form.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(ImagePrediction))]
internal sealed partial class CustomVisionJson : JsonSerializerContext;
