using System.Text.Json;
using System.Text.Json.Nodes;
using Fovea.Models.Graphs;

namespace Fovea.Models.Adoption;

/// <summary>
/// timm's part of <c>config.json</c>: labels, and the preprocessing in <c>pretrained_cfg</c> or, in older files, beside it.
/// </summary>
internal static class TimmConfig
{
    private const double UsualShare = 0.875;

    /// <summary>Reads the preprocessing; <c>null</c> if there is none.</summary>
    /// <param name="config">The object that has it.</param>
    /// <param name="source">Where the object stands.</param>
    public static PreprocessingSource? Preprocessing(JsonObject config, string source) =>
        config["mean"] is JsonArray && config["std"] is JsonArray ? new(source, (size, _) => Steps(config, size)) : null;

    /// <summary>Reads the labels, described in words if the names are WordNet's ids; <c>null</c> if there are none.</summary>
    public static IReadOnlyList<string>? Labels(JsonObject config)
    {
        var names = LabelFiles.Of(config["label_names"]);
        return names is not null && config["label_descriptions"] is JsonObject words && names.All(name => Text(words[name]) is not null)
            ? [.. names.Select(name => Text(words[name])!)]
            : names;
    }

    private static JsonObject? Steps(JsonObject config, int[]? fixedSize)
    {
        int[]? crop = fixedSize
            ?? (config["input_size"] is JsonArray { Count: 3 } input && Number(input[1]) is { } height && Number(input[2]) is { } width
                ? [(int)height, (int)width]
                : null);
        if (crop is null)
        {
            return null;
        }

        double share = Number(config["crop_pct"]) is > 0 and var given ? given : UsualShare;
        int[] sides = [.. crop.Select(side => (int)Math.Floor(side / share))];

        // In the mode squash, the proportions of the image are not kept.
        bool squashes = Text(config["crop_mode"]) == "squash";
        var json = new JsonObject
        {
            ["crop"] = PreprocessingSource.List(crop),
            ["resize"] = squashes ? PreprocessingSource.List(sides) : sides.Max(),
            ["scale"] = 1.0 / 255,
            ["mean"] = config["mean"]!.DeepClone(),
            ["std"] = config["std"]!.DeepClone(),
        };
        if (Text(config["interpolation"]) is "bicubic" or "lanczos" or "nearest")
        {
            json["interpolation"] = Text(config["interpolation"]);
        }

        return json;
    }

    private static string? Text(JsonNode? node) => node?.GetValueKind() == JsonValueKind.String ? (string?)node : null;

    private static double? Number(JsonNode? node) => node?.GetValueKind() == JsonValueKind.Number ? node.GetValue<double>() : null;
}
