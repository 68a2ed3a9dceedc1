using System.Globalization;
using Fovea.Models.Graphs;

namespace Fovea.Models.Summary;

/// <summary>
/// Draws a summary as an SVG picture. Each layer is a box, coloured by its kind, and arrows show the flow of data from top to bottom. A
/// high picture is divided into columns, to be read from left to right. If the summary shows the layers inside blocks, each block is a
/// frame around its layers. The SVG contains no scripts, fonts or links.
/// </summary>
public static class NetworkPicture
{
    // Lengths in pixels. Padding is the distance between a block's frame and its layers.
    private const double BoxWidth = 206, BoxHeight = 58, Margin = 24, Padding = 14, TitleHeight = 24, MinWidth = 560;

    /// <summary>Returns the picture as SVG text. Equal summaries give equal texts.</summary>
    public static string ToSvg(NetworkSummary summary)
    {
        var blocks = Blocks(summary);
        var layout = LayOut(blocks);
        var styles = summary.Layers.Select(layer => layer.Kind).Distinct().Select(LayerStyle.Of).ToArray();
        double width = Math.Max(layout.Width, MinWidth) + 2 * Margin;
        using var svg = new SvgWriter();
        double top = PictureHeader.HeightOf(styles, width) + Margin;
        svg.Begin(width, top + layout.Height + Margin, $"{summary.Name}: {summary.Layers.Count} layers");
        PictureHeader.Write(svg, summary, styles, Margin, width);
        double left = (width - layout.Width) / 2;
        svg.Begin(left, top);
        foreach (var (i, block) in blocks.Index())
        {
            Draw(svg, block, layout.Corner(i));
        }

        foreach (var (points, hasArrow) in layout.Paths())
        {
            svg.Edge(points, hasArrow);
        }

        svg.End();
        return svg.ToText();
    }

    // The blocks of the picture, in the order of their first layers. A layer outside all blocks becomes a block without an inner layout.
    private static List<Block> Blocks(NetworkSummary summary)
    {
        var blocks = new List<Block>();
        var byPath = new Dictionary<string, Block>();
        var paths = summary.HasBlocks ? summary.Layers.Select(layer => Folder(layer.Name)).ToHashSet() : [];
        foreach (var layer in summary.Layers)
        {
            var path = summary.HasBlocks ? BlockOf(layer.Name, paths) : null;
            if (path is null || !byPath.TryGetValue(path, out var block))
            {
                blocks.Add(block = new(path ?? layer.Name, []));
                if (path is not null)
                {
                    byPath[path] = block;
                }
            }

            block.Layers.Add(layer);
        }

        var readers = summary.Layers
            .SelectMany(layer => layer.ConnectedTo, (layer, source) => (Source: source, Reader: layer.Name))
            .ToLookup(edge => edge.Source, edge => edge.Reader);
        foreach (var block in byPath.Values)
        {
            block.Inner = LayOutInner(block, readers);
        }

        return blocks;
    }

    // A layer's block is the outermost folder of its path that contains layers directly. For example, block1/unit1/fc1/gelu is in the block
    // block1/unit1, because the layer block1/unit1/add is directly in it, while block1 contains only units. Null for a layer without a
    // folder.
    private static string? BlockOf(string name, HashSet<string?> folders)
    {
        string? block = null;
        for (var folder = Folder(name); folder is not null; folder = Folder(folder))
        {
            block = folders.Contains(folder) ? folder : block;
        }

        return block;
    }

    private static string? Folder(string name) => name.LastIndexOf('/') is > 0 and var slash ? name[..slash] : null;

    // The layout inside a block's frame. Item 0 is the entry, a point at the top; the layers follow; the last item is the exit, a point at
    // the bottom.
    private static LayeredLayout LayOutInner(Block block, ILookup<string, string> readers)
    {
        var own = Indices(block.Layers);
        int exit = block.Layers.Count + 1;
        var edges = new List<(int, int)>();
        foreach (var (i, layer) in block.Layers.Index())
        {
            edges.AddRange(layer.ConnectedTo.Select(source => (own.TryGetValue(source, out int from) ? from + 1 : 0, i + 1)));
            if (!readers[layer.Name].Any() || readers[layer.Name].Any(reader => !own.ContainsKey(reader)))
            {
                edges.Add((i + 1, exit));
            }
        }

        return new([new(0, 0), .. block.Layers.Select(_ => new LayeredLayout.Box(BoxWidth, BoxHeight)), new(0, 0)], edges);
    }

    private static ColumnLayout LayOut(List<Block> blocks)
    {
        var blockOf = new Dictionary<string, int>();
        foreach (var (i, block) in blocks.Index())
        {
            block.Layers.ForEach(layer => blockOf.TryAdd(layer.Name, i));
        }

        var edges = blocks.SelectMany((block, i) => block.Layers
            .SelectMany(layer => layer.ConnectedTo)
            .Where(blockOf.ContainsKey)
            .Select(source => (blockOf[source], i)));
        return new([.. blocks.Select(OuterBox)], edges);
    }

    // The box of a block in the outer layout. Edges enter and leave a frame at the x coordinate of its entry, which may not be in the
    // middle.
    private static LayeredLayout.Box OuterBox(Block block)
    {
        if (block.Inner is not { } inner)
        {
            return new(BoxWidth, BoxHeight);
        }

        double entry = inner.Corner(0).X - inner.Width / 2;
        return new(inner.Width + 2 * Padding, inner.Height + TitleHeight + Padding, entry, entry);
    }

    private static Dictionary<string, int> Indices(List<LayerSummary> layers)
    {
        var indices = new Dictionary<string, int>();
        foreach (var (i, layer) in layers.Index())
        {
            indices.TryAdd(layer.Name, i);
        }

        return indices;
    }

    private static void Draw(SvgWriter svg, Block block, (double X, double Y) corner)
    {
        if (block.Inner is not { } inner)
        {
            DrawBox(svg, block.Layers[0], corner, block.Name);
            return;
        }

        svg.Frame(corner.X, corner.Y, inner.Width + 2 * Padding, inner.Height + TitleHeight + Padding, block.Name);
        svg.Begin(corner.X + Padding, corner.Y + TitleHeight);
        DrawInnerEdges(svg, inner, exit: block.Layers.Count + 1);
        foreach (var (i, layer) in block.Layers.Index())
        {
            DrawBox(svg, layer, inner.Corner(i + 1), layer.Name[(block.Name.Length + 1)..]);
        }

        svg.End();
    }

    // Draws the edges inside a frame. Edges leave the frame directly below its entry, so that a chain of blocks is drawn as a straight
    // line.
    private static void DrawInnerEdges(SvgWriter svg, LayeredLayout inner, int exit)
    {
        double entry = inner.Corner(0).X;
        svg.Edge([(entry, -TitleHeight), (entry, 0)], arrow: false);
        foreach (var edge in inner.Paths)
        {
            var points = inner.Points(edge);
            svg.Edge(edge.To == exit ? [.. points.SkipLast(1), (entry, inner.Height + Padding)] : points, arrow: edge.To != exit);
        }
    }

    private static void DrawBox(SvgWriter svg, LayerSummary layer, (double X, double Y) corner, string name)
    {
        var style = LayerStyle.Of(layer.Kind);
        var type = layer.Type + Window(layer);
        var shape = PictureHeader.Shape(layer.OutputShape);
        var parameters = layer.Parameters == 0 ? "" : $" · {PictureHeader.Short(layer.Parameters)}";
        var tooltip = string.Create(CultureInfo.InvariantCulture, $"{layer.Name} ({type}): {shape}, {layer.Parameters:N0} parameters");
        svg.Box(corner.X, corner.Y, BoxWidth, BoxHeight, style.Fill, style.Stroke, [name, type, shape + parameters], tooltip);
    }

    // The kernel and the stride, for example " 3×3 / 2". A stride of 1 is not shown.
    private static string Window(LayerSummary layer) => layer is { Kernel: { } kernel, Strides: { } strides }
        ? $" {kernel[0]}×{kernel[1]}{(strides.All(s => s == 1) ? "" : $" / {strides.Max()}")}"
        : "";

    private sealed record Block(string Name, List<LayerSummary> Layers)
    {
        // The layout of the block's layers; null for a layer outside all blocks, which is drawn without a frame.
        public LayeredLayout? Inner { get; set; }
    }
}
