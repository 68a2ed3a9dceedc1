using Fovea.Models.Graphs;

namespace Fovea.Models.Rewrites;

// Z = AveragePool2x2(f(Conv(X, W))), stride 2, f = ReLU or the identity, W[M, C, R, S], 2 M <= 16.
// Y' = f(Conv(X, [W padded right; W padded left; 0], strides 1x2)): channels 0 to M - 1 are the even columns of the convolution, and
// channels M to 2 M - 1 are the odd columns. Z = Conv(Y', K), stride 2x1: K[m] has 1/4 at both channels of filter m, in two rows.

/// <summary>
/// Rewrites a convolution of at most eight filters that is followed by 2x2 average pooling, as in LeNet-5. With AVX-512, ONNX Runtime
/// computes 16 filters at a time, and fewer filters take the same time. The rewritten convolution has each filter twice, for two
/// neighbouring columns, and computes half as many positions. A second convolution computes the average. A ReLU may be between the
/// convolution and the pool.
/// </summary>
internal static class PairedColumns
{
    // The number of filters that ONNX Runtime computes at a time with AVX-512.
    private const int Block = 16;

    /// <summary>Whether a node is a 2x2 average pool with stride 2 after a convolution of at most eight filters with stride 1.</summary>
    public static bool Suits(Node node) => Convolution(node) is { } conv
        && conv[1].Shape is { Rank: 4, IsKnown: true } w && 2 * w[0] <= Block
        && conv.Int("group", 1) == 1
        && Window.Of(conv) is { Strides: [1, 1], Dilations: [1, 1] }
        && Window.Of(node) is { Kernel: [2, 2], Strides: [2, 2], Before: [0, 0], After: [0, 0], Dilations: [1, 1] }
        && node.Int("ceil_mode", 0) == 0;

    /// <summary>Adds the rewritten convolution and pool to a graph and returns the pool's output.</summary>
    /// <param name="g">The graph to which the operators are added.</param>
    /// <param name="node">The average pool, in its original graph.</param>
    /// <param name="values">The value of <paramref name="g"/> that replaces each value of the original graph.</param>
    public static Value Rewrite(Graph g, Node node, IReadOnlyDictionary<Value, Value> values)
    {
        var conv = Convolution(node)!;
        var (weights, window) = (values[conv[1]], Window.Of(conv));
        int filters = weights.Shape[0], unused = Block - (2 * filters);

        // Filters of zeros fill up the block of 16 filters.
        var even = g.Pad(weights, [0, 0, 0, 0, 0, 0, 0, 1]);
        var odd = g.Pad(weights, [0, 0, 0, 1, unused, 0, 0, 0]);
        var bias = conv.Inputs is [_, _, { } b] ? g.Pad(g.Concat([values[b], values[b]], axis: 0), [0, unused]) : null;
        var wider = window with { Kernel = [window.Kernel[0], window.Kernel[1] + 1], Strides = [1, 2] };
        var pairs = g.Conv(values[conv[0]], g.Concat([even, odd], axis: 0), bias, wider);
        var mean = Tensor.Drawn(new Shape(filters, Block, 2, 1), weights =>
        {
            weights.Clear();
            for (int i = 0; i < filters; i++)
            {
                weights.Slice(2 * ((i * Block) + i), 2).Fill(0.25f);
                weights.Slice(2 * ((i * Block) + filters + i), 2).Fill(0.25f);
            }
        });
        var activated = node[0].Producer!.Op == "Relu" ? g.Relu(pairs) : pairs;
        return g.Conv(activated, g.Constant(mean), window: new([2, 1], [2, 1], [0, 0], [0, 0], [1, 1]));
    }

    // The convolution before an average pool, directly or with a ReLU in between; null for other nodes.
    private static Node? Convolution(Node node)
    {
        var before = node is { Op: "AveragePool", Domain: "" } ? node[0].Producer : null;
        before = before is { Op: "Relu", Domain: "" } ? before[0].Producer : before;
        return before is { Op: "Conv", Domain: "" } conv && conv[0] is { Type: ElementType.Float, Shape.Rank: 4 } ? conv : null;
    }
}
