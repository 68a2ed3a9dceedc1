using System.Globalization;
using System.Text.Json.Nodes;
using Fovea.Models.Metadata;

namespace Fovea.Models.Adoption;

/// <summary>Reads PaddleClas's <c>inference_cls.yaml</c>: the steps of the preprocessing, and in newer versions the labels.</summary>
internal static class PaddleClas
{
    /// <summary>Reads the parsed file; <c>null</c> if it holds neither preprocessing nor labels.</summary>
    public static SidecarContent? Read(JsonNode? yaml)
    {
        if (yaml is not JsonObject file)
        {
            return null;
        }

        var operations = (file["PreProcess"]?["transform_ops"] as JsonArray)?.OfType<JsonObject>().SelectMany(step => step).ToArray();
        var labels = (file["PostProcess"] as JsonObject)?.Select(step =>
            LabelFiles.Of((step.Value as JsonObject)?["label_list"])).FirstOrDefault(l => l is not null);
        return operations is null && labels is null ? null
            : new(labels, operations is null ? null : new("inference_cls.yaml", (size, _) => Steps(operations, size)));
    }

    private static JsonObject? Steps(KeyValuePair<string, JsonNode?>[] operations, int[]? fixedSize)
    {
        JsonNode? Option(string operation, string option) =>
            (operations.FirstOrDefault(o => o.Key == operation).Value as JsonObject)?[option];
        int[]? crop = fixedSize ?? Sides(Option("CropImage", "size")) ?? Sides(Option("ResizeImage", "size"));
        if (crop is null)
        {
            return null;
        }

        var json = new JsonObject { ["crop"] = PreprocessingSource.List(crop) };
        if (Number(Option("ResizeImage", "resize_short")) is { } shortest)
        {
            json["resize"] = (int)shortest;
        }
        else if (Option("CropImage", "size") is not null && Sides(Option("ResizeImage", "size")) is { } sides && !sides.SequenceEqual(crop))
        {
            json["resize"] = PreprocessingSource.List(sides);
        }

        if (Option("ResizeImage", "interpolation")?.ToString() is { Length: > 0 } filter && filter != "bilinear")
        {
            json["interpolation"] = filter is "bicubic" or "lanczos" or "nearest" ? filter : throw AdoptionDraft.Refused(
                $"inference_cls.yaml says interpolation: {filter}; expected bilinear, bicubic, lanczos or nearest, or \"preprocessing\" in "
                + "model.json.");
        }

        json["scale"] = Number(Option("NormalizeImage", "scale")) ?? 1.0 / 255;
        if (Option("NormalizeImage", "mean") is JsonArray mean && Option("NormalizeImage", "std") is JsonArray std)
        {
            (json["mean"], json["std"]) = (Numbers(mean), Numbers(std));
        }

        return json;
    }

    private static int[]? Sides(JsonNode? size) =>
        size is JsonArray { Count: 2 } list && Number(list[0]) is { } first && Number(list[1]) is { } second
        ? [(int)second, (int)first] // The file gives the size as [width, height].
        : Number(size) is { } side ? [(int)side, (int)side]
        : null;

    private static JsonArray Numbers(JsonArray list) =>
        [.. list.Select(number => (JsonNode)(Number(number) ?? throw new FormatException($"{number} is no number")))];

    // Reads a number, or a quotient such as 1.0/255.0.
    private static double? Number(JsonNode? node)
    {
        var parts = node is JsonValue ? node.ToString().Trim('\'', '"').Split('/') : [];
        var numbers = parts.Select(part =>
            double.TryParse(part, NumberStyles.Float, CultureInfo.InvariantCulture, out double n) ? n : double.NaN).ToArray();
        double value = numbers switch
        {
            [var number] => number,
            [var top, var bottom] => top / bottom,
            _ => double.NaN,
        };
        return double.IsFinite(value) ? value : null;
    }
}
