using System.Globalization;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;

namespace Fovea.Training.Datasets;

/// <summary>
/// The random changes to each training image, drawn anew in each epoch. Every amount is drawn uniformly unless stated otherwise.
/// </summary>
internal sealed record Augmentation
{
    /// <summary>No changes.</summary>
    public static Augmentation None { get; } = new();

    /// <summary>For handwriting: rotation, scaling and shifts, but no mirror images, which are not valid characters.</summary>
    public static Augmentation Digits { get; } = new() { Rotation = 12, Scale = 0.15, Shift = 0.08 };

    /// <summary>For photos: a random crop, a random mirror image and changed colours.</summary>
    public static Augmentation Photos { get; } =
        new() { Crop = 0.25, Flip = 0.5, Brightness = 0.2, Contrast = 0.2, Saturation = 0.2, Hue = 0.02 };

    /// <summary>
    /// For small colour images: shifts by up to an eighth of the side, and mirror images, as the field trains on CIFAR-10.
    /// </summary>
    public static Augmentation Small { get; } = new() { Flip = 0.5, Shift = 0.125 };

    /// <summary>For small gray images: mirror images only.</summary>
    public static Augmentation SmallGray { get; } = new() { Flip = 0.5 };

    /// <summary>The presets by their names on the command line.</summary>
    public static IReadOnlyDictionary<string, Augmentation> Presets { get; } =
        new Dictionary<string, Augmentation>
        {
            ["none"] = None,
            ["digits"] = Digits,
            ["photos"] = Photos,
            ["small"] = Small,
            ["small-gray"] = SmallGray,
        };

    /// <summary>
    /// The smallest share of the image's area that a random crop keeps, 0.01 to 1. The crop's aspect ratio is 3:4 to 4:3. At 1 there is no
    /// random crop, and the network's own preprocessing crops the image.
    /// </summary>
    public double Crop { get; init; } = 1;

    /// <summary>The probability that an image is mirrored left to right, 0 to 1.</summary>
    public double Flip { get; init; }

    /// <summary>The largest rotation in either direction, 0 to 180 degrees.</summary>
    public double Rotation { get; init; }

    /// <summary>The largest relative change of size, 0 to 0.9: 0.15 scales by a factor of 0.85 to 1.15.</summary>
    public double Scale { get; init; }

    /// <summary>The largest shift in either direction as a share of the width and of the height, 0 to 1.</summary>
    public double Shift { get; init; }

    /// <summary>The largest relative change of brightness, 0 to 1: 0.2 multiplies by 0.8 to 1.2.</summary>
    public double Brightness { get; init; }

    /// <summary>The largest relative change of contrast about the image's mean grey, 0 to 1.</summary>
    public double Contrast { get; init; }

    /// <summary>The largest relative change of saturation, 0 to 1.</summary>
    public double Saturation { get; init; }

    /// <summary>The largest rotation of hues in either direction, 0 to 0.5 turns.</summary>
    public double Hue { get; init; }

    /// <summary>
    /// The standard deviation of normal noise along the principal axes of ImageNet's colours, 0 to 1; 0.1 in Krizhevsky et al. (2012).
    /// </summary>
    public double Lighting { get; init; }

    /// <summary>
    /// Alpha of the Beta(alpha, alpha) distribution that gives the shares of two mixed images and their targets, 0 to 1 (Zhang et al.,
    /// 2018). 0 mixes nothing.
    /// </summary>
    public double MixUp { get; init; }

    // Each field's name on the command line and its range.
    private static readonly AugmentationField[] Fields =
    [
        new("crop", 0.01, 1, a => a.Crop, (a, v) => a with { Crop = v }),
        new("flip", 0, 1, a => a.Flip, (a, v) => a with { Flip = v }),
        new("rotation", 0, 180, a => a.Rotation, (a, v) => a with { Rotation = v }),
        new("scale", 0, 0.9, a => a.Scale, (a, v) => a with { Scale = v }),
        new("shift", 0, 1, a => a.Shift, (a, v) => a with { Shift = v }),
        new("brightness", 0, 1, a => a.Brightness, (a, v) => a with { Brightness = v }),
        new("contrast", 0, 1, a => a.Contrast, (a, v) => a with { Contrast = v }),
        new("saturation", 0, 1, a => a.Saturation, (a, v) => a with { Saturation = v }),
        new("hue", 0, 0.5, a => a.Hue, (a, v) => a with { Hue = v }),
        new("lighting", 0, 1, a => a.Lighting, (a, v) => a with { Lighting = v }),
        new("mixup", 0, 1, a => a.MixUp, (a, v) => a with { MixUp = v }),
    ];

    /// <summary>The format that <see cref="Parse"/> reads, as part of a sentence for help and messages.</summary>
    public static string Usage =>
        $"{string.Join(", ", Presets.Keys)}, optionally followed by any of {string.Join(", ", Fields.Select(f => f.Usage))}";

    /// <summary>
    /// Parses a preset's name, optionally followed by fields that replace values of the preset: <c>photos,rotation=10,mixup=0.2</c>.
    /// </summary>
    /// <exception cref="FoveaException">A name is unknown or a number is out of range.</exception>
    public static Augmentation Parse(string text)
    {
        var parts = text.Split(',');
        var augmentation = Presets.GetValueOrDefault(parts[0]) ?? throw Bad(parts[0]);
        foreach (var part in parts.Skip(1))
        {
            var field = Fields.FirstOrDefault(f => part.StartsWith($"{f.Name}=", StringComparison.Ordinal));
            augmentation = field is not null
                && double.TryParse(part.AsSpan(field.Name.Length + 1), NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
                && value >= field.Low && value <= field.High ? field.With(augmentation, value) : throw Bad(part);
        }

        return augmentation;
    }

    /// <summary>Returns text that <see cref="Parse"/> reads: <c>none</c>, followed by every field that has an effect.</summary>
    public override string ToString() => string.Join(',', Fields.Where(f => f.Get(this) != f.Get(None))
        .Select(f => string.Create(CultureInfo.InvariantCulture, $"{f.Name}={f.Get(this)}")).Prepend("none"));

    private static FoveaException Bad(string part) => new(ErrorCode.BadArgument, $"The augmentation is {part}; expected {Usage}.");

    private sealed record AugmentationField(
        string Name, double Low, double High, Func<Augmentation, double> Get, Func<Augmentation, double, Augmentation> With)
    {
        public string Usage => string.Create(CultureInfo.InvariantCulture, $"{Name}={Low}..{High}");
    }
}
