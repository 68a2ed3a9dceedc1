using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fovea.Api.CustomVision;

/// <summary>The JSON serializer for answers in the form of Custom Vision's prediction API.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(ImagePrediction))]
internal sealed partial class CustomVisionJson : JsonSerializerContext;
