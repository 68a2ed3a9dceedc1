using System.Globalization;

namespace Fovea.Models;

/// <summary>What stands above a picture: the name, the totals, and what the colours mean.</summary>
internal static class PictureHeader
{
    private const double LegendTop = 92, EntryWidth = 116, EntryHeight = 22;

    /// <summary>How high it is.</summary>
    public static double HeightOf(LayerKind[] kinds, double width) => LegendTop + EntryHeight * (1 + (kinds.Length - 1) / Columns(width));

    public static void Write(SvgWriter svg, NetworkSummary summary, LayerKind[] kinds, double margin, double width)
    {
        svg.Text(margin, 34, 20, bold: true, SvgWriter.Fitted(summary.Name, 20, width - 2 * margin));
        svg.Text(margin, 56, 12, bold: false, $"input {Shape(summary.Input)} · {Number(summary.Classes)} classes · {(summary.Trained ? "trained" : "untrained: random weights")}");
        var totals = $"{Number(summary.TotalParameters)} parameters ({Bytes(summary.WeightBytes)}) · {Short(summary.MultiplyAdds)} multiply-adds · activations {Bytes(summary.ActivationBytes)} an image";
        svg.Text(margin, 74, 12, bold: false, totals);
        int columns = Columns(width);
        foreach (var (i, kind) in kinds.Index())
        {
            svg.Swatch(margin + i % columns * EntryWidth, LegendTop + i / columns * EntryHeight, kind.Fill, kind.Stroke, kind.Name);
        }
    }

    /// <summary>For example 64×56×56.</summary>
    public static string Shape(IReadOnlyList<int?>? shape) => shape is null ? "?" : string.Join('×', shape.Select(d => d?.ToString(CultureInfo.InvariantCulture) ?? "?"));

    /// <summary>Three digits: 1.58 G, 23.5 M, 9.41 K.</summary>
    public static string Short(long? number)
    {
        var (unit, letter) = number switch { >= 1_000_000_000 => (1e9, " G"), >= 1_000_000 => (1e6, " M"), >= 10_000 => (1e3, " K"), _ => (1, "") };
        double scaled = (number ?? 0) / unit;
        return number is null ? "?" : scaled.ToString(unit == 1 ? "N0" : scaled >= 100 ? "N0" : scaled >= 10 ? "N1" : "N2", CultureInfo.InvariantCulture) + letter;
    }

    private static int Columns(double width) => (int)(width / EntryWidth);

    private static string Number(long? number) => number?.ToString("N0", CultureInfo.InvariantCulture) ?? "?";

    private static string Bytes(long? bytes) => bytes is null ? "?"
        : bytes < 1048576 ? string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0:N1} KiB")
        : string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:N1} MiB");
}
