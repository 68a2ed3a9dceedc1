using System.Text.Json;
using System.Text.Json.Nodes;
using Fovea.Models.Graphs;
using Fovea.Models.Metadata;

namespace Fovea.Models.Adoption;

/// <summary>
/// Reads the files of Hugging Face: <c>config.json</c> with the labels (and, for timm's models, the preprocessing), and
/// <c>preprocessor_config.json</c> with the preprocessing.
/// </summary>
internal static class HuggingFace
{
    // ConvNeXt's processor crops only below this size: from 384 on it resizes both sides to the target.
    private const int LeastSideWithoutCrop = 384;

    private static readonly string[] Squaring = ["ViT", "DeiT", "Deit", "Beit", "BEiT", "Swin", "Vivit"];

    // ConvNeXt's processor resizes to the crop divided by this share if the file gives none.
    private const double UsualShare = 224.0 / 256;

    // The numbers that Pillow, Python's imaging library, gives to its interpolations.
    private static readonly string[] Interpolations = ["nearest", "lanczos", "bilinear", "bicubic", "box", "hamming"];

    private static readonly int Box = Array.IndexOf(Interpolations, "box");

    // The processors that use another interpolation than bilinear if the file gives none.
    private static readonly (string Type, string Interpolation)[] Defaults =
    [
        .. new[]
        {
            "Beit", "BEiT", "CLIP", "Deit", "DeiT", "Levit", "PoolFormer", "Bit", "Perceiver", "Siglip", "EfficientFormer", "ViTHybrid",
        }.Select(type => (type, "bicubic")),
        ("EfficientNet", "nearest"),
    ];

    /// <summary>Reads labels, activation and timm's preprocessing from config.json; <c>null</c> if it has none of them.</summary>
    public static SidecarContent? Config(JsonObject? config)
    {
        if (config is null)
        {
            return null;
        }

        string? task = config["problem_type"]?.ToString();
        Activation? activation = task switch
        {
            "multi_label_classification" => Activation.Sigmoid,
            "single_label_classification" => Activation.Softmax,
            _ => null,
        };
        var need = task == "regression"
            ? "config.json says problem_type: regression; expected a classifier, or \"activation\" in model.json."
            : null;
        var timm = config["pretrained_cfg"] is JsonObject trained ? TimmConfig.Preprocessing(trained, "config.json (pretrained_cfg)")
            : config["input_size"] is JsonArray ? TimmConfig.Preprocessing(config, "config.json")
            : null;
        var (byId, toId) = (LabelFiles.Of(config["id2label"]), LabelFiles.Of(config["label2id"]));
        var labels = byId ?? toId ?? TimmConfig.Labels(config);
        var gap = labels is null && LabelFiles.Gap(config["id2label"]) is { } clause ? $"under id2label, {clause}" : null;
        return labels is null && activation is null && timm is null && gap is null && need is null
            ? null
            : new(labels, timm, activation, Gap: gap)
            {
                OtherLabels = byId is not null && toId is not null ? new(toId, "config.json (label2id)") : null,
                Need = need,
            };
    }

    /// <summary>Reads the preprocessing from preprocessor_config.json; <c>null</c> if it gives no size.</summary>
    public static SidecarContent? Preprocessor(JsonObject? config) =>
        config is null || (config["size"] is null && config["crop_size"] is null)
        ? null
        : new(Preprocessing: new(
            "preprocessor_config.json", (size, _) => Steps(config, size),
            Assumption: Assumption(config)));

    private static string? Assumption(JsonObject config) =>
        !Flag(config, "do_resize", true)
            ? "Images are resized to the input's size, although preprocessor_config.json says do_resize: false."
        : Size(config).Edge is not null and < LeastSideWithoutCrop && !Crops(config) && Share(config) is null
            ? "Images are stretched to the input's size: preprocessor_config.json gives only the shortest edge, and no crop."
        : config["resample"] is null && TypeOf(config).Length == 0
            ? "Images are resized with the bilinear filter, because preprocessor_config.json gives neither resample nor the processor's "
                + "type."
        : null;

    private static bool Crops(JsonObject config) =>
        Flag(config, "do_center_crop", config["crop_size"] is not null) && config["crop_size"] is not null;

    private static double? Share(JsonObject config) =>
        Number(config["crop_pct"]) ?? (TypeOf(config).StartsWith("ConvNext", StringComparison.OrdinalIgnoreCase) ? UsualShare : null);

    private static string Filter(JsonObject config)
    {
        if (config["resample"] is not { } resample)
        {
            var type = TypeOf(config);
            return Defaults.FirstOrDefault(known => type.StartsWith(known.Type, StringComparison.Ordinal)).Interpolation ?? "bilinear";
        }

        // Text is the name of an interpolation, as "bicubic" or "PIL.Image.BICUBIC".
        double number = Number(resample) ?? Array.IndexOf(Interpolations, $"{resample}".Split('.')[^1].ToLowerInvariant());
        return number >= 0 && number < Box && double.IsInteger(number) ? Interpolations[(int)number] : throw AdoptionDraft.Refused(
            $"preprocessor_config.json says resample: {resample}"
            + (Number(resample) >= Box && number < Interpolations.Length ? $" ({Interpolations[(int)number]})" : "")
            + "; expected 0 (nearest), 1 (lanczos), 2 (bilinear) or 3 (bicubic), or \"preprocessing\" in model.json.");
    }

    private static JsonObject? Steps(JsonObject config, int[]? fixedSize)
    {
        if (Flag(config, "do_pad", false) && config["pad_size"] is not null)
        {
            throw AdoptionDraft.Refused(
                "preprocessor_config.json says do_pad: true; expected no padding, or \"preprocessing\" in model.json.");
        }

        bool crops = Crops(config);
        var (edge, sides) = Size(config);
        double? share = Share(config);
        int[]? target = fixedSize ?? (crops ? Sides(config["crop_size"]) : sides ?? (edge is { } side ? [side, side] : null));
        if (target is null)
        {
            return null;
        }

        var json = new JsonObject { ["crop"] = PreprocessingSource.List(target) };
        if (!Flag(config, "do_resize", true))
        {
            // The configuration says not to resize. The preprocessing then has no "resize", so the whole image is stretched to the crop
            // size.
        }
        else if (share is { } part && edge is < LeastSideWithoutCrop)
        {
            json["resize"] = (int)(edge.Value / part);
        }
        else if (crops && edge is { } shortest)
        {
            json["resize"] = shortest;
        }
        else if (crops && sides is not null && !sides.SequenceEqual(target))
        {
            json["resize"] = PreprocessingSource.List(sides);
        }

        if (Filter(config) is var interpolation and not "bilinear")
        {
            json["interpolation"] = interpolation;
        }

        Scale(config, json);
        return json;
    }

    private static void Scale(JsonObject config, JsonObject json)
    {
        json["scale"] = Flag(config, "do_rescale", true) ? Number(config["rescale_factor"]) ?? 1.0 / 255 : 1;
        double[]? mean = Numbers(config["image_mean"]), std = Numbers(config["image_std"]);
        bool isNormalized = Flag(config, "do_normalize", mean is not null) && mean is not null && std is not null;
        (mean, std) = isNormalized ? (mean!, std!) : ([0], [1]);

        // EfficientNet's processor subtracts 1 after scaling if rescale_offset is true, and divides by the standard deviation twice if
        // include_top is true.
        if (Flag(config, "rescale_offset", false))
        {
            mean = [.. mean.Select(m => m + 1)];
        }

        if (isNormalized && TypeOf(config).StartsWith("EfficientNet", StringComparison.Ordinal) && Flag(config, "include_top", true))
        {
            std = [.. std.Select(deviation => deviation * deviation)];
        }

        if (mean is not [0] || std is not [1])
        {
            (json["mean"], json["std"]) = (List(mean), List(std));
        }

        if (Flag(config, "do_flip_channel_order", false))
        {
            json["color"] = "BGR";
        }
    }

    private static JsonArray List(double[] numbers) => [.. numbers.Select(number => (JsonNode)number)];

    // A list with one number per channel, or one number for all channels.
    private static double[]? Numbers(JsonNode? node) => node switch
    {
        JsonArray list when list.All(number => Number(number) is not null) => [.. list.Select(number => Number(number)!.Value)],
        _ when Number(node) is { } number => [number],
        _ => null,
    };

    private static bool Flag(JsonObject config, string name, bool otherwise) => config[name]?.GetValueKind() switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => otherwise,
    };

    private static string TypeOf(JsonObject config) => $"{config["image_processor_type"]}{config["feature_extractor_type"]}";

    // The length of the short side (Edge), or height and width (Sides). A single number is the short side, except for processors that
    // resize to squares.
    private static (int? Edge, int[]? Sides) Size(JsonObject config)
    {
        if (config["size"] is JsonObject size && Number(size["shortest_edge"]) is { } edge)
        {
            return ((int)edge, null);
        }

        bool isSquare = Squaring.Any(name => TypeOf(config).StartsWith(name, StringComparison.Ordinal));
        return config["size"] is JsonValue && Number(config["size"]) is { } side && !isSquare
            && (config["crop_size"] is not null || Share(config) is not null)
            ? ((int)side, null)
            : (null, Sides(config["size"]));
    }

    private static int[]? Sides(JsonNode? size) => size switch
    {
        JsonObject map when Number(map["height"]) is { } height && Number(map["width"]) is { } width => [(int)height, (int)width],
        JsonValue when Number(size) is { } side => [(int)side, (int)side],
        _ => null,
    };

    private static double? Number(JsonNode? node) => node?.GetValueKind() == JsonValueKind.Number ? node.GetValue<double>() : null;
}
