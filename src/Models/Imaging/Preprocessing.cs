using System.Collections.Immutable;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;

namespace Fovea.Models.Imaging;

/// <summary>
/// The steps that turn an image into a network's input, as stored in a model file's metadata property <c>fovea.preprocessing</c>. The image
/// is resized and cropped, and each value of a pixel becomes (value x scale - mean) / standard deviation.
/// </summary>
[JsonConverter(typeof(PreprocessingJson))]
public sealed record Preprocessing
{
    private const int ImageNetResize = 256, ImageNetCrop = 224;

    /// <summary>
    /// The preprocessing of networks trained on ImageNet: the short side is resized to 256/224 of <paramref name="side"/>, rounded down, a
    /// centred square of <paramref name="side"/> pixels is cropped, and each channel is normalised by ImageNet's mean and standard
    /// deviation.
    /// </summary>
    public static Preprocessing ImageNet(int side) => new()
    {
        Resize = side * ImageNetResize / ImageNetCrop,
        Crop = [side, side],
        Mean = [0.485f, 0.456f, 0.406f],
        Std = [0.229f, 0.224f, 0.225f],
    };

    /// <summary>
    /// The short side in pixels after resizing, before the crop: at least the crop's longer side, at most 8192. <c>null</c>, the default,
    /// stretches the image to <see cref="ResizeTo"/> or else to the crop size.
    /// </summary>
    public int? Resize { get; init; }

    /// <summary>
    /// The size in pixels after resizing, [height, width], before the crop: at least the crop, at most 8192 each. The image's proportions
    /// are not kept. Default <c>null</c>: <see cref="Resize"/> or <see cref="Crop"/> decides. Not together with <see cref="Resize"/>.
    /// </summary>
    public ImmutableArray<int>? ResizeTo { get; init; }

    /// <summary>The filter for resizing. Default bilinear.</summary>
    public Interpolation Interpolation { get; init; }

    /// <summary>The size of the network's input in pixels, [height, width], 1 to 4096 each. The crop is centred.</summary>
    public required ImmutableArray<int> Crop { get; init; }

    /// <summary>The channels and their order. Default RGB.</summary>
    public ColorOrder Color { get; init; } = ColorOrder.Rgb;

    /// <summary>The factor by which a pixel's value, 0 to 255, is multiplied; not 0. Default 1/255.</summary>
    public float Scale { get; init; } = 1f / 255;

    /// <summary>The number that is subtracted from the scaled value, one number per channel or one for all channels. Default 0.</summary>
    public ImmutableArray<float> Mean { get; init; } = [0];

    /// <summary>
    /// The number by which the difference is divided (the standard deviation), one per channel or one for all channels; not 0. Default 1.
    /// </summary>
    public ImmutableArray<float> Std { get; init; } = [1];

    /// <summary>
    /// Whether a handwritten digit in the image is found, framed, and drawn as light strokes on black. Default never.
    /// </summary>
    public Inversion Invert { get; init; } = Inversion.Never;

    /// <summary>
    /// The order of a colour image's numbers in the input of a file of other software, if the input's shape does not show it: for example
    /// rows of pixels, [N, 3 H W]. Only adoption reads this property; the adopted input is always NCHW. Default <c>null</c>: the file shows
    /// the order.
    /// </summary>
    public PixelLayout? Layout { get; init; }

    /// <summary>The number of channels: 1 for gray, otherwise 3.</summary>
    [JsonIgnore]
    public int Channels => Color == ColorOrder.Gray ? 1 : 3;

    /// <summary>The shape of one preprocessed image, [C, H, W].</summary>
    [JsonIgnore]
    public Shape Shape => new(Channels, Crop[0], Crop[1]);

    /// <summary>Normalises a pixel's value, 0 to 255, in a channel, whose index is from 0.</summary>
    public float Normalized(int value, int channel)
    {
        var (scale, mean, std) = Coefficients(channel);
        return ((value * scale) - mean) / std;
    }

    /// <summary>The scale, mean and standard deviation of a channel, whose index is from 0.</summary>
    internal (float Scale, float Mean, float Std) Coefficients(int channel) =>
        (Scale, Mean[Mean.Length == 1 ? 0 : channel], Std[Std.Length == 1 ? 0 : channel]);

    /// <summary>Reads the JSON form. A missing property has its default value.</summary>
    /// <exception cref="FoveaException">A name is unknown, or a value has the wrong type or is out of range.</exception>
    internal static Preprocessing FromJson(JsonObject json) => PreprocessingJson.Read(json);

    /// <summary>Checks the ranges of all properties and returns the object itself.</summary>
    /// <exception cref="FoveaException">A number is out of range.</exception>
    public Preprocessing Checked()
    {
        Check(
            Crop is [> 0 and <= 4096, > 0 and <= 4096],
            $"crop is [{string.Join(", ", Crop)}]; expected [height, width] of 1 to 4096 pixels");
        Check(
            Resize is null or > 0 and <= 8192 && !(Resize < Crop.Max()),
            $"resize is {Resize}; expected at least the crop and at most 8192 pixels");
        Check(
            ResizeTo is not { } size || (size is [<= 8192, <= 8192] && size[0] >= Crop[0] && size[1] >= Crop[1]),
            $"resize is [{string.Join(", ", ResizeTo ?? [])}]; expected [height, width] of at least the crop and at most 8192 pixels");
        Check(Resize is null || ResizeTo is null, "resize has both a short side and [height, width]; expected one of them");
        Check(float.IsFinite(Scale) && Scale != 0, $"scale is {Scale}; expected a finite number that is not 0");
        Check(Mean.Length == 1 || Mean.Length == Channels, $"mean has {Mean.Length} numbers; expected 1 or {Channels}");
        Check(Std.Length == 1 || Std.Length == Channels, $"std has {Std.Length} numbers; expected 1 or {Channels}");
        Check(Mean.All(float.IsFinite), $"mean is [{string.Join(", ", Mean)}]; expected finite numbers");
        Check(Std.All(s => float.IsFinite(s) && s != 0), $"std is [{string.Join(", ", Std)}]; expected finite numbers that are not 0");
        return this;

        static void Check(bool holds, string problem)
        {
            if (!holds)
            {
                throw new FoveaException(ErrorCode.BadModelFile, $"The preprocessing cannot be used: {problem}.");
            }
        }
    }
}
