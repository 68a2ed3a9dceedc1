using System.Text.Json;
using System.Text.Json.Nodes;
using Fovea.Models.Graphs;
using Fovea.Models.Metadata;

namespace Fovea.Models.Adoption;

/// <summary>
/// Reads timm's part of <c>config.json</c>: the labels, and the preprocessing, which is under <c>pretrained_cfg</c> or, in older files, at
/// the top level.
/// </summary>
internal static class TimmConfig
{
    private const double UsualShare = 0.875;

    /// <summary>Reads the preprocessing; <c>null</c> if the object has no mean and standard deviation.</summary>
    /// <param name="config">The JSON object with the preprocessing.</param>
    /// <param name="source">The place of the object, for messages.</param>
    public static PreprocessingSource? Preprocessing(JsonObject config, string source) =>
        config["mean"] is JsonArray && config["std"] is JsonArray ? new(source, (size, _) => Steps(config, size)) : null;

    /// <summary>
    /// Reads the labels: the descriptions if every class has one (the names may be WordNet ids), else the names. <c>null</c> if there are
    /// none.
    /// </summary>
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

        // The crop mode "squash" does not keep the image's proportions.
        var mode = Text(config["crop_mode"]) ?? "center";
        bool squashes = mode == "squash";
        if (mode is not ("center" or "squash"))
        {
            throw AdoptionDraft.Refused(
                $"config.json says crop_mode: {mode}; expected center or squash, or \"preprocessing\" in model.json.");
        }

        var json = new JsonObject
        {
            ["crop"] = PreprocessingSource.List(crop),
            ["resize"] = squashes ? PreprocessingSource.List(sides) : sides.Max(),
            ["scale"] = 1.0 / 255,
            ["mean"] = config["mean"]!.DeepClone(),
            ["std"] = config["std"]!.DeepClone(),
        };
        if (Text(config["interpolation"]) is { } filter && filter != "bilinear")
        {
            json["interpolation"] = filter is "bicubic" or "lanczos" or "nearest" ? filter : throw AdoptionDraft.Refused(
                $"config.json says interpolation: {filter}; expected bilinear, bicubic, lanczos or nearest, or \"preprocessing\" in "
                + "model.json.");
        }

        return json;
    }

    private static string? Text(JsonNode? node) => node?.GetValueKind() == JsonValueKind.String ? (string?)node : null;

    private static double? Number(JsonNode? node) => node?.GetValueKind() == JsonValueKind.Number ? node.GetValue<double>() : null;
}
