namespace Fovea.Models;

/// <summary>
/// A convolution of few filters whose outputs are averaged by twos, as in LeNet-5. ONNX Runtime computes sixteen filters at once (AVX-512), and fewer
/// cost the same; so the filters are there twice, side by side over two columns, at half as many places. Their mean is one more convolution,
/// as what lies between works on each number by itself.
/// </summary>
internal static class PairedColumns
{
    private const int Block = 16;

    /// <summary>Whether a node averages by twos what a convolution of few filters gives.</summary>
    public static bool Suits(Node node) => Convolution(node) is { } conv
        && conv[1].Shape is { Rank: 4, IsKnown: true } w && 2 * w[0] <= Block && conv.Int("group", 1) == 1 && Window.Of(conv) is { Strides: [1, 1], Dilations: [1, 1] }
        && Window.Of(node) is { Kernel: [2, 2], Strides: [2, 2], Before: [0, 0], After: [0, 0], Dilations: [1, 1] } && node.Int("ceil_mode", 0) == 0;

    /// <summary>The mean in this form.</summary>
    /// <param name="g">The graph that is added to.</param>
    /// <param name="node">The average pool.</param>
    /// <param name="values">What stands for a value of the node's graph in <paramref name="g"/>.</param>
    public static Value Form(Graph g, Node node, IReadOnlyDictionary<Value, Value> values)
    {
        var conv = Convolution(node)!;
        var (weights, window) = (values[conv[1]], Window.Of(conv));
        int filters = weights.Shape[0], free = Block - (2 * filters);
        var left = g.Pad(weights, [0, 0, 0, 0, 0, 0, 0, 1]);
        var right = g.Pad(weights, [0, 0, 0, 1, free, 0, 0, 0]);
        var bias = conv.Inputs is [_, _, { } b] ? g.Pad(g.Concat([values[b], values[b]], axis: 0), [0, free]) : null;
        var pairs = g.Conv(values[conv[0]], g.Concat([left, right], axis: 0), bias, window with { Kernel = [window.Kernel[0], window.Kernel[1] + 1], Strides = [1, 2] });
        var mean = Tensor.Drawn(new Shape(filters, Block, 2, 1), weights =>
        {
            weights.Clear();
            for (int i = 0; i < filters; i++)
            {
                weights.Slice(2 * ((i * Block) + i), 2).Fill(0.25f);
                weights.Slice(2 * ((i * Block) + filters + i), 2).Fill(0.25f);
            }
        });
        return g.Conv(node[0].Producer!.Op == "Relu" ? g.Relu(pairs) : pairs, g.Constant(mean), window: new([2, 1], [2, 1], [0, 0], [0, 0], [1, 1]));
    }

    private static Node? Convolution(Node node)
    {
        var before = node is { Op: "AveragePool", Domain: "" } ? node[0].Producer : null;
        return (before is { Op: "Relu", Domain: "" } ? before[0].Producer : before) is { Op: "Conv", Domain: "" } conv && conv[0] is { Type: ElementType.Float, Shape.Rank: 4 } ? conv : null;
    }
}
