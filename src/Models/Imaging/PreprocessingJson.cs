using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;

namespace Fovea.Models.Imaging;

/// <summary>Reads and writes the JSON form of the preprocessing. Each property is one row of a table.</summary>
internal sealed class PreprocessingJson : JsonConverter<Preprocessing>
{
    // The names of these properties in other programs, with Fovea's names, for the suggestion in the error message.
    private static readonly Dictionary<string, string> OtherNames = new(StringComparer.OrdinalIgnoreCase)
    {
        ["deviation"] = "std",
        ["stddev"] = "std",
        ["stdev"] = "std",
        ["image_std"] = "std",
        ["image_mean"] = "mean",
        ["rescale_factor"] = "scale",
        ["channels"] = "color",
        ["channel_order"] = "color",
        ["resample"] = "interpolation",
        ["filter"] = "interpolation",
        ["size"] = "crop",
        ["crop_size"] = "crop",
        ["center_crop"] = "crop",
        ["input_size"] = "crop",
        ["short_side"] = "resize",
    };

    private static readonly (string Name, Func<Preprocessing, JsonNode, Preprocessing?> Read, string Expected)[] Properties =
    [
        ("resize", ReadResize, "the short side in pixels or [height, width]"),
        ("crop", (all, value) => Sizes(value) is { } sizes ? all with { Crop = sizes is [var side] ? [side, side] : sizes } : null,
            "[height, width] in pixels, or one number for a square"),
        ("color", (all, value) => Name<ColorOrder>(value) is { } color ? all with { Color = color } : null, "RGB, BGR or Gray"),
        ("scale", (all, value) => Number(value) is { } scale ? all with { Scale = scale } : null, "a number"),
        ("mean", (all, value) => Numbers(value) is { } mean ? all with { Mean = mean } : null, "a number, or one for each channel"),
        ("std", (all, value) => Numbers(value) is { } std ? all with { Std = std } : null, "a number, or one for each channel"),
        ("invert", (all, value) => Name<Inversion>(value) is { } invert ? all with { Invert = invert } : null, "auto or never"),
        ("interpolation", (all, value) => Name<Interpolation>(value) is { } filter ? all with { Interpolation = filter } : null,
            "bilinear, bicubic, lanczos or nearest"),
        ("layout", (all, value) => Layout(value) is { } layout ? all with { Layout = layout } : null, "NCHW or NHWC"),
    ];

    public static IEnumerable<string> Names => Properties.Select(property => property.Name);

    /// <summary>Reads a JSON object. A property that is missing or null has its default value.</summary>
    /// <exception cref="FoveaException">A name is unknown, or a value has the wrong type or is out of range.</exception>
    public static Preprocessing Read(JsonObject json)
    {
        KeyValuePair<string, JsonNode?>[] members = [.. Members(json)];
        string[] unknown = [.. members.Select(member => member.Key).Where(name => PropertyOf(name).Name is null)];
        if (unknown.Length > 0)
        {
            throw Bad($"has the unknown {(unknown.Length == 1 ? "name" : "names")} {string.Join(" and ", unknown.Select(Suggested))}; "
                + $"expected {string.Join(", ", Names)}");
        }

        var all = new Preprocessing { Crop = [] };
        var read = new HashSet<string>();
        foreach (var (name, value) in members)
        {
            var property = PropertyOf(name);
            if (!read.Add(property.Name))
            {
                throw Bad("has a name twice; expected each name once");
            }

            if (value is not null)
            {
                all = property.Read(all, value) ?? throw Bad($"has {name} {Shortened(value)}; expected {property.Expected}");
            }
        }

        return all.Crop.IsEmpty ? throw Bad("lacks crop; expected the size of the input, [height, width] in pixels") : all.Checked();
    }

    /// <inheritdoc/>
    public override Preprocessing Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        JsonNode.Parse(ref reader) is JsonObject json ? Read(json) : throw Bad("is not a JSON object; expected an object with crop");

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, Preprocessing value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        if (value.Resize is { } side)
        {
            writer.WriteNumber("resize", side);
        }
        else if (value.ResizeTo is { } size)
        {
            Write("resize", size);
        }

        Write("crop", value.Crop);
        writer.WriteString("color", value.Color switch { ColorOrder.Rgb => "RGB", ColorOrder.Bgr => "BGR", _ => "Gray" });
        writer.WriteNumber("scale", value.Scale);
        Write("mean", value.Mean);
        Write("std", value.Std);
        writer.WriteString("invert", value.Invert == Inversion.Auto ? "auto" : "never");

        // The default is left out: earlier versions of Fovea only have the bilinear filter and do not know this property.
        if (value.Interpolation != Interpolation.Bilinear)
        {
            writer.WriteString("interpolation", value.Interpolation.ToString().ToLowerInvariant());
        }

        if (value.Layout is { } layout)
        {
            writer.WriteString("layout", layout == PixelLayout.ChannelsLast ? "NHWC" : "NCHW");
        }

        writer.WriteEndObject();

        void Write<T>(string name, ImmutableArray<T> numbers)
        {
            writer.WriteStartArray(name);
            foreach (var number in numbers)
            {
                if (number is int whole)
                {
                    writer.WriteNumberValue(whole);
                }
                else if (number is float real)
                {
                    writer.WriteNumberValue(real);
                }
            }

            writer.WriteEndArray();
        }
    }

    private static Preprocessing? ReadResize(Preprocessing all, JsonNode value) => Sizes(value) switch
    {
        [var side] => all with { Resize = side },
        { } size => all with { ResizeTo = size },
        null => null,
    };

    private static IEnumerable<KeyValuePair<string, JsonNode?>> Members(JsonObject json)
    {
        try
        {
            return [.. json];
        }
        catch (ArgumentException e)
        {
            // JsonObject throws this exception for a duplicate name.
            throw new FoveaException(ErrorCode.BadModelFile, "The preprocessing has a name twice; expected each name once.", e);
        }
    }

    private static (string Name, Func<Preprocessing, JsonNode, Preprocessing?> Read, string Expected) PropertyOf(string name) =>
        Array.Find(Properties, one => one.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    private static string Suggested(string name)
    {
        var near = OtherNames.GetValueOrDefault(name) ?? NearestName.Of(name.ToLowerInvariant(), Names);
        return near is null ? name : $"{name} (did you mean {near}?)";
    }

    // Reads one whole number or a list of two; null for other JSON.
    private static ImmutableArray<int>? Sizes(JsonNode value)
    {
        var items = value is JsonArray array ? array.ToArray() : [value];
        int?[] sizes = [.. items.Select(Whole)];
        return sizes.All(size => size is not null) && (value is JsonArray ? sizes.Length == 2 : sizes.Length == 1)
            ? [.. sizes.Select(size => size!.Value)]
            : null;
    }

    private static int? Whole(JsonNode? value) =>
        Number(value) is { } number && float.IsInteger(number) && Math.Abs(number) < 1e9f ? (int)number : null;

    private static ImmutableArray<float>? Numbers(JsonNode value)
    {
        var items = value is JsonArray array ? array.ToArray() : [value];
        float?[] numbers = [.. items.Select(Number)];
        return numbers.Length > 0 && numbers.All(number => number is not null) ? [.. numbers.Select(number => number!.Value)] : null;
    }

    private static float? Number(JsonNode? value) =>
        value is JsonValue number && number.GetValueKind() == JsonValueKind.Number && number.TryGetValue(out float real) ? real : null;

    private static T? Name<T>(JsonNode value)
        where T : struct, Enum
    {
        var text = value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : "";
        text = text.ToUpperInvariant() is "GREY" or "GRAYSCALE" or "GREYSCALE" or "L" ? "Gray" : text;
        return text.All(char.IsLetter) && Enum.TryParse(text, ignoreCase: true, out T found) && Enum.IsDefined(found) ? found : null;
    }

    private static PixelLayout? Layout(JsonNode value) =>
        (value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : "").ToUpperInvariant() switch
        {
            "NCHW" => PixelLayout.ChannelsFirst,
            "NHWC" => PixelLayout.ChannelsLast,
            _ => null,
        };

    private static string Shortened(JsonNode value) =>
        value.ToJsonString() is { Length: > 60 } text ? $"{text[..60]}..." : value.ToJsonString();

    private static FoveaException Bad(string problem) => new(ErrorCode.BadModelFile, $"The preprocessing {problem}.");
}
