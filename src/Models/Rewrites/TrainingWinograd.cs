using Fovea.Models.Graphs;
using Fovea.Models.Kernels;

namespace Fovea.Models.Rewrites;

// The gradients of Y = Conv(X, W) with a 3x3 kernel and stride 1 are convolutions as well:
// dX = Conv(dY, W'), W'[c, m, r, s] = W[m, c, 2 - r, 2 - s], with 2 - padding at each side;
// dW = Conv(X, dY) over N, with 3x3 outputs.

/// <summary>
/// Rewrites 3x3 convolutions of training graphs, and the gradients of their input and of their weights, as Fovea's own operators, which use
/// Winograd's minimal filtering; see <see cref="WinogradKernel"/> and <see cref="WinogradWeightGradient"/>.
/// </summary>
internal static class TrainingWinograd
{
    /// <summary>The rewrite of a convolution, with the Relu after it if the Relu is its only reader.</summary>
    public static IReadOnlyList<Value>? Forward(RewriteContext context, Node node, Value?[] inputs)
    {
        Value x = inputs[0]!, w = inputs[1]!;
        var window = Window.Of(node);
        if (!Suits(node, window, x.Shape, w.Shape, node.Output.Shape))
        {
            return null;
        }

        bool relu = context.FeedsOnlyRelu(node);
        var bias = inputs.ElementAtOrDefault(2);
        var y = Convolution(context, x, w, bias, node.Output.Shape, window.Before, relu, reversed: false);
        if (relu)
        {
            context.Activated.Add(y);
        }

        return [y];
    }

    /// <summary>The rewrite of a transposed convolution, which is the gradient of a convolution's input.</summary>
    public static IReadOnlyList<Value>? InputGradient(RewriteContext context, Node node, Value?[] inputs)
    {
        Value dY = inputs[0]!, w = inputs[1]!;
        var window = Window.Of(node);
        int[] before = [2 - window.Before[0], 2 - window.Before[1]];
        return Suits(node, window, dY.Shape, w.Shape, node.Output.Shape)
            && inputs.ElementAtOrDefault(2) is null && before.All(padding => padding >= 0)
            ? [Convolution(context, dY, w, null, node.Output.Shape, before, relu: false, reversed: true)]
            : null;
    }

    /// <summary>The rewrite of the placeholder for the gradient of a convolution's weights.</summary>
    public static IReadOnlyList<Value>? WeightGradient(RewriteContext context, Node node, Value?[] inputs)
    {
        Value x = inputs[0]!, dY = inputs[1]!;
        var window = Window.Of(node);
        if (!Suits(node, window, x.Shape, node.Output.Shape, dY.Shape))
        {
            return null;
        }

        var shape = new WinogradShape(
            x.Shape[1], x.Shape[2], x.Shape[3], dY.Shape[1], dY.Shape[2], dY.Shape[3], window.Before[0], window.Before[1], Relu: false,
            context.Threads);
        return [context.Target.Apply(
            CustomOperators.Domain, CustomOperators.WeightGradient, [x, dY], node.Output.Shape, shape.Attributes())];
    }

    private static bool Suits(Node node, Window window, Shape x, Shape w, Shape y) =>
        node.Int("group", 1) == 1
        && window is { Strides: [1, 1], Dilations: [1, 1] }
        && x is { Rank: 4, IsKnown: true } && y.IsKnown
        && Winograd.Pays(w, y);

    private static Value Convolution(
        RewriteContext context, Value x, Value w, Value? bias, Shape y, int[] before, bool relu, bool reversed)
    {
        var g = context.Target;
        var shape = new WinogradShape(
            x.Shape[1], x.Shape[2], x.Shape[3], y[1], y[2], y[3], before[0], before[1], relu, context.Threads, reversed);
        bias ??= g.Constant($"zeros_{y[1]}", () => Tensor.Of(new Shape(y[1]), new float[y[1]]));
        return g.Apply(CustomOperators.Domain, CustomOperators.Winograd, [x, w, bias], y, shape.Attributes());
    }
}
