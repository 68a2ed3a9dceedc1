using System.Globalization;

namespace Fovea.Training.DataQuality;

/// <summary>The checks of single images: each compares an image with the other images of the data set.</summary>
internal static class PictureChecks
{
    // A blurry image has less than this share of the detail of the median image.
    private const double BlurryShare = 0.1;

    private const double DarkShare = 0.4, DarkBrightness = 50, DarkHighlight = 128;

    private const int TinySide = 64;

    private const double TinyShare = 0.5, LargestRatio = 2.5;

    /// <summary>
    /// Finds images without sharp places. Skips dark and tiny images: they always have little detail, and their own checks report them.
    /// </summary>
    public static IEnumerable<HealthFinding> Blurry(CheckedImages images)
    {
        double median = Median(images, m => m.Sharpness);
        Func<ImageMeasures, bool> isDark = Darkness(images), isTiny = Smallness(images);
        return Worst(
            images,
            m => m.Sharpness,
            m => m.Sharpness < BlurryShare * median && !isDark(m) && !isTiny(m),
            m => $"The sharpest place of the image has {100 * m.Sharpness / median:F0} % of the detail of the median image.");
    }

    /// <summary>Finds images that are dark nearly everywhere.</summary>
    public static IEnumerable<HealthFinding> Dark(CheckedImages images) => Worst(
        images,
        m => m.Brightness,
        Darkness(images),
        m => $"The mean brightness of the image is {m.Brightness / 2.55:F0} %; 98 % of its pixels are under {m.Highlight / 2.55:F0} %.");

    /// <summary>Finds images with few pixels.</summary>
    public static IEnumerable<HealthFinding> Tiny(CheckedImages images) =>
        Worst(images, m => m.ShortSide, Smallness(images), m => $"The image has {m.Width} x {m.Height} pixels.");

    /// <summary>Finds images that are much wider or taller, relative to their other side, than the median image.</summary>
    public static IEnumerable<HealthFinding> OddSized(CheckedImages images)
    {
        double median = Median(images, m => m.Ratio);
        return Worst(
            images,
            m => -Math.Max(m.Ratio / median, median / m.Ratio),
            m => m.Ratio > LargestRatio * median || m.Ratio * LargestRatio < median,
            m => $"The image has {m.Width} x {m.Height} pixels, a ratio of {m.Ratio:F1}; the median of the data set is {median:F1}.");
    }

    private static Func<ImageMeasures, bool> Darkness(CheckedImages images)
    {
        double limit = Math.Min(DarkBrightness, DarkShare * Median(images, m => m.Brightness));
        return m => m.Brightness < limit && m.Highlight < DarkHighlight;
    }

    private static Func<ImageMeasures, bool> Smallness(CheckedImages images)
    {
        double limit = Math.Min(TinySide, TinyShare * Median(images, m => m.ShortSide));
        return m => m.ShortSide < limit;
    }

    private static IEnumerable<HealthFinding> Worst(
        CheckedImages images, Func<ImageMeasures, double> order, Func<ImageMeasures, bool> isFound,
        Func<ImageMeasures, FormattableString> reason) =>
        images.Measures.Index().Where(image => isFound(image.Item)).OrderBy(image => order(image.Item))
            .Select(image => new HealthFinding(
                reason(image.Item).ToString(CultureInfo.InvariantCulture), [images.Describe(image.Index)]));

    private static double Median(CheckedImages images, Func<ImageMeasures, double> value)
    {
        double[] sorted = [.. images.Measures.Select(value).Order()];
        return sorted[sorted.Length / 2];
    }
}
