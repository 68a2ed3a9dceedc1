using System.Globalization;

namespace Fovea.Models;

/// <summary>
/// A summary as a drawing: boxes from top to bottom, coloured by their kind, with arrows along the data. Where blocks are open, each is a frame
/// around its layers. An SVG of its own: no scripts, no fonts, no links.
/// </summary>
public static class NetworkPicture
{
    private const double BoxWidth = 206, BoxHeight = 58, Margin = 24, Padding = 14, TitleHeight = 24, LeastWidth = 560;

    /// <summary>The picture, the same for the same summary.</summary>
    public static string ToSvg(NetworkSummary summary)
    {
        var frames = Frames(summary);
        var (layout, edges) = Outer(summary, frames);
        var kinds = summary.Layers.Select(layer => LayerKind.Of(layer.Type)).Distinct().ToArray();
        double width = Math.Max(layout.Width, LeastWidth) + 2 * Margin;
        using var svg = new SvgWriter();
        double top = PictureHeader.HeightOf(kinds, width) + Margin;
        svg.Begin(width, top + layout.Height + Margin, $"{summary.Name}: {summary.Layers.Count} layers");
        PictureHeader.Write(svg, summary, kinds, Margin, width);
        double left = (width - layout.Width) / 2;
        svg.Begin(left, top);
        foreach (var (i, frame) in frames.Index())
        {
            var (x, y) = layout.Corner(i);
            if (frame.Inner is { } inner)
            {
                svg.Frame(x, y, inner.Width + 2 * Padding, inner.Height + TitleHeight + Padding, frame.Name);
                svg.Begin(x + Padding, y + TitleHeight);
                Inside(svg, inner, door: frame.Layers.Count + 1);
                for (int layer = 0; layer < frame.Layers.Count; layer++)
                {
                    Box(svg, frame.Layers[layer], inner.Corner(layer + 1), frame.Layers[layer].Name[(frame.Name.Length + 1)..]);
                }

                svg.End();
            }
            else
            {
                Box(svg, frame.Layers[0], (x, y), frame.Name);
            }
        }

        foreach (var edge in edges)
        {
            svg.Edge(layout.Points(edge), arrow: true);
        }

        svg.End();
        return svg.ToText();
    }

    // In an open block's layers the last slash ends the block's path.
    private static List<Item> Frames(NetworkSummary summary)
    {
        string? Block(LayerSummary layer) => summary.HasBlocks && layer.Name.LastIndexOf('/') is > 0 and var slash ? layer.Name[..slash] : null;
        var items = new List<Item>();
        var byBlock = new Dictionary<string, Item>();
        foreach (var layer in summary.Layers)
        {
            var block = Block(layer);
            if (block is null || !byBlock.TryGetValue(block, out var item))
            {
                items.Add(item = new(block ?? layer.Name, []));
                if (block is not null)
                {
                    byBlock[block] = item;
                }
            }

            item.Layers.Add(layer);
        }

        var readers = summary.Layers.SelectMany(layer => layer.ConnectedTo, (layer, source) => (source, layer.Name)).ToLookup(edge => edge.source, edge => edge.Name);
        foreach (var item in byBlock.Values)
        {
            item.Inner = Inside(item, readers);
        }

        return items;
    }

    // The block's door in, its layers, and its door out.
    private static LayeredLayout Inside(Item item, ILookup<string, string> readers)
    {
        var own = Places(item.Layers);
        int last = item.Layers.Count + 1;
        var edges = new List<(int, int)>();
        foreach (var (i, layer) in item.Layers.Index())
        {
            edges.AddRange(layer.ConnectedTo.Select(source => (own.TryGetValue(source, out int from) ? from + 1 : 0, i + 1)));
            if (!readers[layer.Name].Any() || readers[layer.Name].Any(reader => !own.ContainsKey(reader)))
            {
                edges.Add((i + 1, last));
            }
        }

        return new([new(0, 0), .. item.Layers.Select(_ => new LayeredLayout.Box(BoxWidth, BoxHeight)), new(0, 0)], edges);
    }

    private static (LayeredLayout Layout, IReadOnlyList<(int From, int To)> Edges) Outer(NetworkSummary summary, List<Item> items)
    {
        var at = new Dictionary<string, int>();
        foreach (var (i, item) in items.Index())
        {
            item.Layers.ForEach(layer => at.TryAdd(layer.Name, i));
        }

        var edges = items.SelectMany((item, i) => item.Layers.SelectMany(layer => layer.ConnectedTo).Where(at.ContainsKey).Select(source => (at[source], i)));
        var layout = new LayeredLayout([.. items.Select(Outside)], edges);
        return (layout, layout.Paths);
    }

    private static LayeredLayout.Box Outside(Item item)
    {
        if (item.Inner is not { } inner)
        {
            return new(BoxWidth, BoxHeight);
        }

        double middle = inner.Corner(0).X - inner.Width / 2;
        return new(inner.Width + 2 * Padding, inner.Height + TitleHeight + Padding, middle, middle);
    }

    private static Dictionary<string, int> Places(List<LayerSummary> layers)
    {
        var places = new Dictionary<string, int>();
        foreach (var (i, layer) in layers.Index())
        {
            places.TryAdd(layer.Name, i);
        }

        return places;
    }

    // The data leave a block right under where they came in, so that a chain of blocks is drawn straight.
    private static void Inside(SvgWriter svg, LayeredLayout inner, int door)
    {
        double middle = inner.Corner(0).X;
        svg.Edge([(middle, -TitleHeight), (middle, 0)], arrow: false);
        foreach (var edge in inner.Paths)
        {
            var points = inner.Points(edge);
            svg.Edge(edge.To == door ? [.. points.SkipLast(1), (middle, inner.Height + Padding)] : points, arrow: edge.To != door);
        }
    }

    private static void Box(SvgWriter svg, LayerSummary layer, (double X, double Y) corner, string name)
    {
        var kind = LayerKind.Of(layer.Type);
        var window = layer is { Kernel: { } kernel, Strides: { } strides } ? $" {kernel[0]}×{kernel[1]}{(strides.All(s => s == 1) ? "" : $" / {strides.Max()}")}" : "";
        var parameters = layer.Parameters == 0 ? "" : $" · {PictureHeader.Short(layer.Parameters)}";
        svg.Box(
            corner.X, corner.Y, BoxWidth, BoxHeight, kind.Fill, kind.Stroke,
            [name, layer.Type + window, PictureHeader.Shape(layer.OutputShape) + parameters],
            string.Create(CultureInfo.InvariantCulture, $"{layer.Name} ({layer.Type}{window}): {PictureHeader.Shape(layer.OutputShape)}, {layer.Parameters:N0} parameters"));
    }

    private sealed record Item(string Name, List<LayerSummary> Layers)
    {
        public LayeredLayout? Inner { get; set; }
    }
}
