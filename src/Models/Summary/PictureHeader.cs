using System.Globalization;

namespace Fovea.Models.Summary;

/// <summary>Writes the header of a picture: the network's name, the totals, and the legend of colours. Lengths are in pixels.</summary>
internal static class PictureHeader
{
    private const double LegendTop = 92, EntryWidth = 116, EntryHeight = 22;

    /// <summary>The height of the header, which depends on the number of rows in the legend.</summary>
    public static double HeightOf(LayerStyle[] styles, double width) =>
        LegendTop + EntryHeight * (1 + (styles.Length - 1) / Columns(width));

    /// <summary>Writes the header at the top of a picture of this width.</summary>
    public static void Write(SvgWriter svg, NetworkSummary summary, LayerStyle[] styles, double margin, double width)
    {
        svg.Text(margin, 34, 20, bold: true, SvgWriter.Fitted(summary.Name, 20, width - 2 * margin));
        var weights = summary.Trained ? "trained" : "untrained: random weights";
        svg.Text(margin, 56, 12, bold: false, $"input {Shape(summary.Input)} · {Number(summary.Classes)} classes · {weights}");
        var parameters = $"{Number(summary.TotalParameters)} parameters ({Bytes(summary.WeightBytes)})";
        var work = $"{Short(summary.MultiplyAdds)} multiply-adds · activations {Bytes(summary.ActivationBytes)} an image";
        svg.Text(margin, 74, 12, bold: false, $"{parameters} · {work}");
        int columns = Columns(width);
        foreach (var (i, style) in styles.Index())
        {
            svg.Swatch(margin + i % columns * EntryWidth, LegendTop + i / columns * EntryHeight, style.Fill, style.Stroke, style.Name);
        }
    }

    /// <summary>A shape, for example 64×56×56; <c>?</c> for an unknown dimension or shape.</summary>
    public static string Shape(IReadOnlyList<int?>? shape) =>
        shape is null ? "?" : string.Join('×', shape.Select(d => d?.ToString(CultureInfo.InvariantCulture) ?? "?"));

    /// <summary>
    /// Formats a number with three digits and a unit, such as 1.58 G or 10.4 K. Numbers below 10,000 are written in full. For <c>null</c>
    /// it returns a question mark.
    /// </summary>
    public static string Short(long? number)
    {
        if (number is null)
        {
            return "?";
        }

        var (unit, letter) = number switch
        {
            >= 1_000_000_000 => (1e9, " G"),
            >= 1_000_000 => (1e6, " M"),
            >= 10_000 => (1e3, " K"),
            _ => (1, ""),
        };
        double scaled = number.Value / unit;
        return scaled.ToString(unit == 1 || scaled >= 100 ? "N0" : scaled >= 10 ? "N1" : "N2", CultureInfo.InvariantCulture) + letter;
    }

    private static int Columns(double width) => (int)(width / EntryWidth);

    private static string Number(long? number) => number?.ToString("N0", CultureInfo.InvariantCulture) ?? "?";

    private static string Bytes(long? bytes) => bytes is null ? "?"
        : bytes < 1048576 ? string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0:N1} KiB")
        : string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:N1} MiB");
}
