using Fovea.Models.Graphs;
using Fovea.Models.Kernels;

namespace Fovea.Models.Rewrites;

/// <summary>Rewrites gradients that take several standard operators as operators of Fovea's own, which read each number once.</summary>
internal static class GradientKernels
{
    /// <summary>Whether a node scatters the gradients of a max pool's windows to the places of their largest elements.</summary>
    public static bool ScattersToMaxima(Node node) =>
        node is { Op: "ScatterElements", Domain: "" }
        && Pool(node) is { } pool
        && pool[0] is { Type: ElementType.Float, Shape: { Rank: 4, IsKnown: true } x } && x.Size > 0
        && Window.Of(pool).Dilations is [1, 1]
        && node[2].Producer is { Op: "Reshape" };

    /// <summary>The rewrite of such a node. Its output is a vector.</summary>
    public static IReadOnlyList<Value> ToMaxima(RewriteContext context, Node node)
    {
        var pool = Pool(node)!;
        Value x = context.Values[pool[0]], dY = context.Values[node[2].Producer![0]];
        var shape = PoolShape.Of(x.Shape, pool.Output.Shape, Window.Of(pool));
        var dX = context.Target.Apply(CustomOperators.Domain, CustomOperators.PoolGradient, [x, dY], x.Shape, shape.Attributes());
        return [context.Target.Reshape(dX, node.Output.Shape)];
    }

    /// <summary>Whether a node multiplies a gradient by 1 where a Relu passed its input, and by 0 elsewhere.</summary>
    public static bool MasksByRelu(Node node) =>
        node is { Op: "Mul", Domain: "" }
        && IsMask(node[1].Producer) && node[0].Shape is { IsKnown: true, Size: > 0 } shape && shape == node[1].Shape;

    /// <summary>
    /// The rewrite of such a node. It includes the addition before it, which adds the gradients of two readers of the Relu, unless a
    /// normalisation computes the addition already.
    /// </summary>
    public static IReadOnlyList<Value> Masked(RewriteContext context, Node node, Value?[] inputs)
    {
        var y = context.Values[node[1].Producer![0]];
        Value?[] given = node[0].Producer is { Op: "Add", Domain: "" } sum && context.HasOneReader(sum)
            && sum[0].Shape == sum[1].Shape && !context.Sums.ContainsKey(sum)
            ? [context.Values[sum[0]], y, context.Values[sum[1]]]
            : [inputs[0], y];
        return [context.Target.Apply(CustomOperators.Domain, CustomOperators.ActivationGradient, given, y.Shape)];
    }

    // The max pool whose indices a ScatterElements uses.
    private static Node? Pool(Node node) =>
        node[1].Producer is { Op: "Reshape" } flat && flat[0].Producer is { Op: "MaxPool", Domain: "" } pool && flat[0] != pool.Output
            ? pool
            : null;

    // HardSigmoid(x) = max(0, min(1, alpha x + beta)); with a huge alpha it is 1 for x over 0.
    private static bool IsMask(Node? node) =>
        node is { Op: "HardSigmoid", Domain: "" } && node.Float("alpha", 0.2f) > 1e37f && node.Float("beta", 0.5f) == 0;
}
