using System.Globalization;
using Fovea.Models.Graphs;

namespace Fovea.Models.Summary;

/// <summary>Writes a summary as a plain text table in the style of Keras, 110 columns wide: one row per layer, then the totals.</summary>
public static class SummaryTable
{
    private static readonly int[] Widths = [37, 18, 13, 5, 12, 15];
    private static readonly int Width = Widths.Sum() + 2 * (Widths.Length - 1);

    /// <summary>Returns the summary table as text. Lines end in a line feed.</summary>
    public static string ToText(NetworkSummary summary)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        Write(summary, text);
        return text.ToString();
    }

    /// <summary>Writes the table. Unknown numbers and dimensions are shown as <c>?</c>.</summary>
    public static void Write(NetworkSummary summary, TextWriter output)
    {
        output.WriteLine($"Network: {summary.Name}{(summary.Trained ? "" : " (untrained)")}");
        output.WriteLine($"Input: {Text(summary.Input)}  Classes: {Text(summary.Classes)}");
        Rule('_');
        Row("Layer (type)", "Output shape", "Parameters", "Field", "Activations", ["Connected to"]);
        Rule('=');
        foreach (var (i, layer) in summary.Layers.Index())
        {
            if (i > 0)
            {
                Rule('-');
            }

            var field = layer.ReceptiveField is { } pixels ? Text(pixels) : "";
            var activations = Size(layer.ActivationBytes, 1024, "KiB");
            Row($"{layer.Name} ({layer.Type})", Text(layer.OutputShape), Text(layer.Parameters), field, activations, layer.ConnectedTo);
        }

        Rule('=');
        output.WriteLine($"Trainable parameters: {Text(summary.TrainableParameters)}");
        output.WriteLine($"Non-trainable parameters: {Text(summary.NonTrainableParameters)}");
        output.WriteLine($"Total parameters: {Text(summary.TotalParameters)}");
        output.WriteLine($"Multiply-adds per image: {Text(summary.MultiplyAdds)}");
        output.WriteLine($"Memory of the weights: {Size(summary.WeightBytes, 1048576, "MiB")}");
        output.WriteLine($"Memory of the activations per image: {Size(summary.ActivationBytes, 1048576, "MiB")}");
        output.WriteLine("Field: the side of one output's receptive field, in pixels. Activations: outputs for one image, float32.");

        void Rule(char line) => output.WriteLine(new string(line, Width));

        // A text wider than its column continues on the next lines. Each source of a layer has its own line.
        void Row(string layer, string shape, string parameters, string field, string activations, IReadOnlyList<string> sources)
        {
            string[][] cells =
            [
                Wrap(layer, Widths[0]),
                Wrap(shape, Widths[1]),
                [parameters.PadLeft(Widths[2])],
                [field.PadLeft(Widths[3])],
                [activations.PadLeft(Widths[4])],
                [.. sources.SelectMany(source => Wrap(source, Widths[5]))],
            ];
            for (int line = 0; line < cells.Max(cell => cell.Length); line++)
            {
                var texts = cells.Select((cell, column) => (line < cell.Length ? cell[line] : "").PadRight(Widths[column]));
                output.WriteLine(string.Join("  ", texts).TrimEnd());
            }
        }
    }

    private static string[] Wrap(string text, int width) => [.. text.Chunk(width).Select(line => new string(line))];

    private static string Size(long? bytes, double unit, string name) =>
        bytes is null ? "?" : string.Create(CultureInfo.InvariantCulture, $"{bytes / unit:N2} {name}");

    private static string Text(long? number) => number?.ToString("N0", CultureInfo.InvariantCulture) ?? "?";

    private static string Text(IReadOnlyList<int?>? shape) =>
        shape is null ? "?" : $"[{string.Join(", ", shape.Select(d => d?.ToString(CultureInfo.InvariantCulture) ?? "?"))}]";
}
