using System.Globalization;
using Fovea.Models;

namespace Fovea.Training;

/// <summary>How images are changed before they are learnt from, differently in each epoch. Everything is drawn uniformly unless said.</summary>
internal sealed record Augmentation
{
    /// <summary>Images stay as they are.</summary>
    public static Augmentation None { get; } = new();

    /// <summary>For handwriting, which has no mirror image: turned, scaled and moved.</summary>
    public static Augmentation Digits { get; } = new() { Rotation = 12, Scale = 0.15, Shift = 0.08 };

    /// <summary>For photos: a random part of the image, mirrored or not, in other light.</summary>
    public static Augmentation Photos { get; } = new() { Crop = 0.25, Flip = 0.5, Brightness = 0.2, Contrast = 0.2, Saturation = 0.2, Hue = 0.02 };

    /// <summary>The ready-made ones by their names on the command line.</summary>
    public static IReadOnlyDictionary<string, Augmentation> Presets { get; } = new Dictionary<string, Augmentation> { ["none"] = None, ["digits"] = Digits, ["photos"] = Photos };

    /// <summary>The smallest share of the area that a random crop keeps, up to 1, its sides in proportions of 3:4 to 4:3; 1: the network's own framing.</summary>
    public double Crop { get; init; } = 1;

    /// <summary>How often left and right are exchanged, 0 to 1.</summary>
    public double Flip { get; init; }

    /// <summary>The largest rotation either way, 0 to 180 degrees.</summary>
    public double Rotation { get; init; }

    /// <summary>The largest change of size, 0 to 0.9: 0.15 draws 0.85 to 1.15 times.</summary>
    public double Scale { get; init; }

    /// <summary>The largest shift either way along each side, as a share of it, 0 to 1.</summary>
    public double Shift { get; init; }

    /// <summary>The largest change of brightness, 0 to 1: 0.2 multiplies by 0.8 to 1.2.</summary>
    public double Brightness { get; init; }

    /// <summary>The largest change of contrast about the mean grey, 0 to 1.</summary>
    public double Contrast { get; init; }

    /// <summary>The largest change of saturation, 0 to 1.</summary>
    public double Saturation { get; init; }

    /// <summary>The largest rotation of hues either way, 0 to 0.5 turns.</summary>
    public double Hue { get; init; }

    /// <summary>The deviation of the normal noise along the main axes of ImageNet's colours, 0 to 1; 0.1 in Krizhevsky et al. (2012).</summary>
    public double Lighting { get; init; }

    /// <summary>How strongly two images and their targets are mixed: alpha of the Beta distribution of the share, 0 to 1 (Zhang et al., 2018); 0: not.</summary>
    public double MixUp { get; init; }

    // The names on the command line, and what each of them may be.
    private static readonly (string Name, double Low, double High, Func<Augmentation, double> Get, Func<Augmentation, double, Augmentation> With)[] Fields =
    [
        ("crop", 0.01, 1, a => a.Crop, (a, v) => a with { Crop = v }),
        ("flip", 0, 1, a => a.Flip, (a, v) => a with { Flip = v }),
        ("rotation", 0, 180, a => a.Rotation, (a, v) => a with { Rotation = v }),
        ("scale", 0, 0.9, a => a.Scale, (a, v) => a with { Scale = v }),
        ("shift", 0, 1, a => a.Shift, (a, v) => a with { Shift = v }),
        ("brightness", 0, 1, a => a.Brightness, (a, v) => a with { Brightness = v }),
        ("contrast", 0, 1, a => a.Contrast, (a, v) => a with { Contrast = v }),
        ("saturation", 0, 1, a => a.Saturation, (a, v) => a with { Saturation = v }),
        ("hue", 0, 0.5, a => a.Hue, (a, v) => a with { Hue = v }),
        ("lighting", 0, 1, a => a.Lighting, (a, v) => a with { Lighting = v }),
        ("mixup", 0, 1, a => a.MixUp, (a, v) => a with { MixUp = v }),
    ];

    /// <summary>How <see cref="Parse"/> is told, in a sentence.</summary>
    public static string Usage => $"{string.Join(", ", Presets.Keys)}, and behind it any of {string.Join(", ", Fields.Select(f => string.Create(CultureInfo.InvariantCulture, $"{f.Name}={f.Low}..{f.High}")))}";

    /// <summary>Reads a preset's name with numbers in place of its own behind it: <c>photos,rotation=10,mixup=0.2</c>.</summary>
    /// <exception cref="FoveaException">A name is unknown or a number out of range.</exception>
    public static Augmentation Parse(string text)
    {
        var parts = text.Split(',');
        var augmentation = Presets.GetValueOrDefault(parts[0]) ?? throw Bad(parts[0]);
        foreach (var part in parts.Skip(1))
        {
            var field = Fields.FirstOrDefault(f => part.StartsWith($"{f.Name}=", StringComparison.Ordinal));
            augmentation = field.Name is not null
                && double.TryParse(part.AsSpan(field.Name.Length + 1), NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
                && value >= field.Low && value <= field.High ? field.With(augmentation, value) : throw Bad(part);
        }

        return augmentation;
    }

    /// <summary>As <see cref="Parse"/> reads it, all numbers that do something.</summary>
    public override string ToString() => string.Join(',', Fields.Where(f => f.Get(this) != f.Get(None))
        .Select(f => string.Create(CultureInfo.InvariantCulture, $"{f.Name}={f.Get(this)}")).Prepend("none"));

    private static FoveaException Bad(string part) => new(ErrorCode.BadArgument, $"The augmentation {part} cannot be used; expected one of {Usage}.");
}
