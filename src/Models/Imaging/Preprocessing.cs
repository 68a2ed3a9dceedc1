using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Fovea.Models;

/// <summary>
/// How an image becomes a network's input, as the file's <c>fovea.preprocessing</c> says: each pixel becomes
/// (value x scale - mean) / deviation.
/// </summary>
public sealed record Preprocessing
{
    private const int ImageNetResize = 256, ImageNetCrop = 224;

    /// <summary>What networks trained on ImageNet take: the short side resized in the proportion 256 to 224, the centre cropped, each channel normalised.</summary>
    public static Preprocessing ImageNet(int side) => new()
    {
        Resize = side * ImageNetResize / ImageNetCrop,
        Crop = [side, side],
        Mean = [0.485f, 0.456f, 0.406f],
        Std = [0.229f, 0.224f, 0.225f],
    };

    /// <summary>The short side in pixels after resizing, before the crop; null stretches the image to the crop size.</summary>
    public int? Resize { get; init; }

    /// <summary>The network's input size in pixels, [height, width], cut from the centre.</summary>
    public required ImmutableArray<int> Crop { get; init; }

    /// <summary>The channels and their order. Default RGB.</summary>
    public ColorOrder Color { get; init; } = ColorOrder.Rgb;

    /// <summary>What a pixel's value, 0 to 255, is multiplied by. Default 1/255.</summary>
    public float Scale { get; init; } = 1f / 255;

    /// <summary>What is then subtracted, one number a channel or one for all. Default 0.</summary>
    public ImmutableArray<float> Mean { get; init; } = [0];

    /// <summary>What it is then divided by, one number a channel or one for all. Default 1.</summary>
    public ImmutableArray<float> Std { get; init; } = [1];

    /// <summary>Whether ink on paper is turned into light strokes on black; for networks that read writing.</summary>
    public Inversion Invert { get; init; } = Inversion.Never;

    /// <summary>The number of channels: 1 for gray, else 3.</summary>
    [JsonIgnore]
    public int Channels => Color == ColorOrder.Gray ? 1 : 3;

    /// <summary>The shape of one preprocessed image, [C, H, W].</summary>
    [JsonIgnore]
    public Shape Shape => new(Channels, Crop[0], Crop[1]);

    /// <summary>What a pixel's value, 0 to 255, becomes in a channel.</summary>
    public float Normalized(int value, int channel)
    {
        var (scale, mean, std) = Of(channel);
        return ((value * scale) - mean) / std;
    }

    /// <summary>How a pixel's value in a channel becomes a number: times the first, less the second, over the third.</summary>
    internal (float Scale, float Mean, float Std) Of(int channel) => (Scale, Mean[Mean.Length == 1 ? 0 : channel], Std[Std.Length == 1 ? 0 : channel]);

    /// <summary>Reads the JSON form; what it leaves out has its default.</summary>
    /// <exception cref="FoveaException">A value is of the wrong kind or out of range.</exception>
    internal static Preprocessing FromJson(JsonObject given)
    {
        // Generated deserializers set every init-only property, those that are absent to zero; so what is left out is filled in first.
        var all = JsonSerializer.SerializeToNode(new Preprocessing { Crop = [] }, MetadataJson.Default.Preprocessing)!.AsObject();
        all.Remove("crop");
        try
        {
            foreach (var (name, value) in given)
            {
                all[name] = value?.DeepClone();
            }

            return all.Deserialize(MetadataJson.Default.Preprocessing)!.Checked();
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            // The second says that a name stands there twice.
            var reason = e is JsonException ? e.Message : "a name stands in it twice.";
            throw new FoveaException(ErrorCode.BadModelFile, $"The preprocessing cannot be read: {reason}", e);
        }
    }

    /// <summary>The same, or the reason why it cannot be.</summary>
    /// <exception cref="FoveaException">A number is out of range.</exception>
    public Preprocessing Checked()
    {
        Check(Crop is [> 0 and <= 4096, > 0 and <= 4096], $"crop is [{string.Join(", ", Crop)}]; expected [height, width] of 1 to 4096 pixels");
        Check(Resize is null or > 0 and <= 8192 && !(Resize < Crop.Max()), $"resize is {Resize}; expected at least the crop and at most 8192 pixels");
        Check(float.IsFinite(Scale) && Scale != 0, $"scale is {Scale}; expected a number that is not 0");
        Check(Mean.Length == 1 || Mean.Length == Channels, $"mean has {Mean.Length} numbers; expected 1 or {Channels}");
        Check(Std.Length == 1 || Std.Length == Channels, $"std has {Std.Length} numbers; expected 1 or {Channels}");
        Check(Mean.All(float.IsFinite) && Std.All(s => float.IsFinite(s) && s != 0), "mean and std hold a number that is infinite, or a deviation of 0");
        return this;

        static void Check(bool holds, string otherwise)
        {
            if (!holds)
            {
                throw new FoveaException(ErrorCode.BadModelFile, $"The preprocessing cannot be used: {otherwise}.");
            }
        }
    }
}

/// <summary>The channels of a network's input.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ColorOrder>))]
public enum ColorOrder
{
    /// <summary>Red, green, blue.</summary>
    [JsonStringEnumMemberName("RGB")]
    Rgb,

    /// <summary>Blue, green, red.</summary>
    [JsonStringEnumMemberName("BGR")]
    Bgr,

    /// <summary>One channel of brightness (ITU-R BT.601).</summary>
    Gray,
}

/// <summary>Whether dark and light are exchanged.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Inversion>))]
public enum Inversion
{
    /// <summary>Pixels stay as they are.</summary>
    [JsonStringEnumMemberName("never")]
    Never,

    /// <summary>
    /// The image is read as a written digit, dark on light or light on dark, of any size, anywhere in it. It comes out as MNIST has its digits:
    /// light on black, in a box of 20 of 28 pixels, its centre of mass in the middle, thin strokes thickened to MNIST's. An image framed so
    /// already keeps every value, or has 255 - value where it is dark on light. Blank images give black. Only for networks that read digits.
    /// </summary>
    [JsonStringEnumMemberName("auto")]
    Auto,
}
