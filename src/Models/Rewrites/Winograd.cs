using Fovea.Models.Graphs;
using Fovea.Models.Kernels;

namespace Fovea.Models.Rewrites;

/// <summary>
/// Rewrites 3x3 convolutions as Fovea's own operator, which uses Winograd's minimal filtering; see <see cref="WinogradKernel"/>. The
/// operator includes an addition and a ReLU after the convolution.
/// </summary>
internal static class Winograd
{
    // The smallest C K / (C + K), for C input channels and K output channels, at which the rewrite is faster. The cost of the
    // transformations grows with C + K, and the number of saved multiplications grows with C K.
    private const double MinChannels = 16;

    // The transformed weights need four times the memory of the weights. If memory is to be spared, each weight must be used for at least
    // this many outputs.
    private const int SparingOutputs = 20 * 20;

    /// <summary>
    /// Whether a node is a convolution that can be rewritten, or an addition or ReLU after one. The rewrite of an addition or ReLU includes
    /// the convolution.
    /// </summary>
    public static bool Suits(Node node) => Pattern.Of(node) is not null;

    /// <summary>Adds the rewritten operator to the graph.</summary>
    /// <returns>
    /// The output; <c>null</c> if another node reads a value between the convolution and this node, or to spare memory.
    /// </returns>
    public static IReadOnlyList<Value>? Rewrite(RewriteContext context, Node node)
    {
        if (Pattern.Of(node) is not { } pattern || pattern.Inner.Any(inner => !context.HasOneReader(inner)))
        {
            return null;
        }

        var (g, conv) = (context.Target, pattern.Convolution);
        Shape x = conv[0].Shape, y = conv.Output.Shape;
        if (context.SparesMemory && y[2] * y[3] < SparingOutputs)
        {
            return null;
        }

        var window = Window.Of(conv);
        var shape = new WinogradShape(
            x[1], x[2], x[3], y[1], y[2], y[3], window.Before[0], window.Before[1], pattern.HasRelu, context.Threads);
        var bias = conv.Inputs.ElementAtOrDefault(2) is { } given
            ? context.Values[given]
            : g.Constant(Tensor.Of(new Shape(y[1]), new float[y[1]]));
        Value?[] inputs = [context.Values[conv[0]], context.Values[conv[1]], bias];
        if (pattern.Addend is { } addend)
        {
            inputs = [.. inputs, context.Values[addend]];
        }

        return [g.Apply(CustomOperators.Domain, CustomOperators.Winograd, inputs, y, shape.Attributes())];
    }

    // A quantised convolution is not rewritten, because ONNX Runtime computes it with integers: its weights are not constants.
    private static bool IsConvolution(Node? node) =>
        node is { Op: "Conv", Domain: "" }
        && node[0] is { Type: ElementType.Float, Shape: { Rank: 4 } x } && x.Dimensions[1..].All(size => size > 0)
        && node[1] is { Constant.Type: ElementType.Float, Shape: var w }
        && node.Inputs.ElementAtOrDefault(2) is null or { Constant.Type: ElementType.Float }
        && node.Int("group", 1) == 1
        && Window.Of(node) is { Kernel: [3, 3], Strides: [1, 1], Dilations: [1, 1] }
        && Pays(w, node.Output.Shape);

    /// <summary>Whether the kernel runs here, and is faster than ONNX Runtime for a 3x3 convolution with stride 1.</summary>
    /// <param name="w">The shape of the weights, [K, C, height, width]; the order of K and C does not matter.</param>
    /// <param name="y">The shape of the output.</param>
    public static bool Pays(Shape w, Shape y) =>
        TileTransforms.IsSupported
        && w is { Rank: 4, IsKnown: true } && w[2] == 3 && w[3] == 3
        && w[0] % TileTransforms.Lanes == 0 && w[1] % TileTransforms.Lanes == 0
        && (double)w[0] * w[1] / (w[0] + w[1]) >= MinChannels
        && SavesMultiplications(y);

    // Whether at least half of the multiplications are saved. For small outputs they are not, because the tiles are mostly empty.
    private static bool SavesMultiplications(Shape y)
    {
        const int OfTile = WinogradShape.Tile * WinogradShape.Tile, OfOutput = 9, Step = WinogradShape.Step;
        int tiles = ((y[2] + Step - 1) / Step) * ((y[3] + Step - 1) / Step);
        return y[2] > 0 && y[3] > 0 && 2 * OfTile * tiles <= OfOutput * y[2] * y[3];
    }

    // A convolution, the value that is added to its output, and whether a ReLU is last; Inner are the nodes before the last one.
    private sealed record Pattern(Node Convolution, Value? Addend, bool HasRelu, params Node[] Inner)
    {
        public static Pattern? Of(Node node) => node switch
        {
            { Op: "Relu", Domain: "" } => node[0].Producer is { } inner && WithoutRelu(inner) is { } pattern
                ? pattern with { HasRelu = true, Inner = [.. pattern.Inner, inner] }
                : null,
            _ => WithoutRelu(node),
        };

        private static Pattern? WithoutRelu(Node node) =>
            IsConvolution(node) ? new(node, null, HasRelu: false)
            : node is { Op: "Add", Domain: "" } ? Sum(node, 1) ?? Sum(node, 0)
            : null;

        // The pattern of an addition, one of whose inputs is a convolution's output, and the other a value of the same shape.
        private static Pattern? Sum(Node add, int convolution) =>
            add[convolution].Producer is { } conv && IsConvolution(conv) && add[1 - convolution] is { Constant: null } addend
                && addend.Shape.Dimensions.SequenceEqual(conv.Output.Shape.Dimensions)
                ? new(conv, addend, HasRelu: false, conv)
                : null;
    }
}
