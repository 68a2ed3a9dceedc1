using System.Globalization;

namespace Fovea.Models;

/// <summary>A summary as plain text, in the manner of Keras: one layer to a row, totals below, 100 columns wide.</summary>
public static class SummaryTable
{
    private static readonly int[] Widths = [40, 18, 14, 22];
    private static readonly int Width = Widths.Sum() + 2 * (Widths.Length - 1);

    /// <summary>The table; lines end in a line feed.</summary>
    public static string ToText(NetworkSummary summary)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        Write(summary, text);
        return text.ToString();
    }

    /// <summary>Writes the table; what cannot be known is shown as <c>?</c>.</summary>
    public static void Write(NetworkSummary summary, TextWriter output)
    {
        output.WriteLine($"Network: {summary.Name}{(summary.Trained ? "" : " (untrained)")}");
        output.WriteLine($"Input: {Text(summary.Input)}  Classes: {Text(summary.Classes)}");
        Rule('_');
        Row("Layer (type)", "Output shape", "Parameters", ["Connected to"]);
        Rule('=');
        foreach (var (i, layer) in summary.Layers.Index())
        {
            if (i > 0)
            {
                Rule('-');
            }

            Row($"{layer.Name} ({layer.Type})", Text(layer.OutputShape), Text(layer.Parameters), layer.ConnectedTo);
        }

        Rule('=');
        output.WriteLine($"Total parameters: {Text(summary.TotalParameters)}");
        output.WriteLine($"Trainable parameters: {Text(summary.TrainableParameters)}");
        output.WriteLine($"Non-trainable parameters: {Text(summary.NonTrainableParameters)}");
        output.WriteLine($"Multiply-adds per image: {Text(summary.MultiplyAdds)}");
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Memory of the weights: {summary.WeightBytes / 1048576.0:N2} MiB"));

        void Rule(char line) => output.WriteLine(new string(line, Width));

        // A cell that is too wide goes on below, as do the rows that a layer is connected to.
        void Row(string layer, string shape, string parameters, IReadOnlyList<string> sources)
        {
            string[][] cells = [Wrap(layer, Widths[0]), Wrap(shape, Widths[1]), [parameters.PadLeft(Widths[2])], [.. sources.SelectMany(source => Wrap(source, Widths[3]))]];
            for (int line = 0; line < cells.Max(cell => cell.Length); line++)
            {
                output.WriteLine(string.Join("  ", cells.Select((cell, column) => (line < cell.Length ? cell[line] : "").PadRight(Widths[column]))).TrimEnd());
            }
        }
    }

    private static string[] Wrap(string text, int width) => [.. text.Chunk(width).Select(line => new string(line))];

    private static string Text(long? number) => number?.ToString("N0", CultureInfo.InvariantCulture) ?? "?";

    private static string Text(IReadOnlyList<int?>? shape) => shape is null ? "?" : $"[{string.Join(", ", shape.Select(d => d?.ToString(CultureInfo.InvariantCulture) ?? "?"))}]";
}
