using Fovea.Models.Graphs;
using Fovea.Models.Kernels;

namespace Fovea.Models.Rewrites;

/// <summary>
/// Rewrites batch normalisation by the statistics of the batch, and its gradients, as operators of Fovea's own, together with an addition
/// and a ReLU after it. ONNX Runtime computes the former on one thread, and the latter takes a dozen operators.
/// </summary>
internal static class NormalizationLowering
{
    /// <summary>Whether a node normalises by the statistics of the batch, and gives them as outputs.</summary>
    public static bool Suits(Node node) =>
        node is { Op: "BatchNormalization", Domain: "" } && node.Int("training_mode") != 0 && node.Float("momentum", 0.9f) == 0;

    /// <summary>
    /// The rewrite of the normalisation. It includes the Relu after it, or the addition and the Relu at the end of a residual block, if
    /// nothing else reads the values between them.
    /// </summary>
    public static IReadOnlyList<Value> Forward(RewriteContext context, Node node, Value?[] inputs)
    {
        var addend = Addend(context, node);
        var last = addend is null ? node : context.OnlyReader(node)!;
        bool relu = context.FeedsOnlyRelu(last);
        Value?[] given = addend is null ? inputs[..3] : [.. inputs[..3], addend];
        var outputs = Apply(context.Target, CustomOperators.Normalization, given, node, relu);
        if (addend is not null)
        {
            context.Sums.Add(last, outputs[0]);
        }

        if (relu)
        {
            context.Activated.Add(outputs[0]);
        }

        return outputs;
    }

    /// <summary>The rewrite of an addition that the normalisation before it already computes.</summary>
    public static IReadOnlyList<Value>? FusedAddition(RewriteContext context, Node node, Value?[] inputs) =>
        context.Sums.TryGetValue(node, out var sum) ? [sum] : null;

    // Returns the value that an addition, the only reader of a normalisation, adds to it. Returns null if there is no such addition, if the
    // shapes differ, or if the value is computed after the normalisation.
    private static Value? Addend(RewriteContext context, Node node)
    {
        if (context.OnlyReader(node) is not { Op: "Add", Domain: "" } add)
        {
            return null;
        }

        var other = add[0] == node.Output ? add[1] : add[0];
        return other != node.Output && other.Shape == node.Output.Shape ? context.Values.GetValueOrDefault(other) : null;
    }

    /// <summary>
    /// The rewrite of the placeholder for the gradients. If the normalisation feeds a Relu, the gradient of the Relu is a part of it.
    /// </summary>
    public static IReadOnlyList<Value> Gradient(RewriteContext context, Node node, Value?[] inputs)
    {
        bool relu = node[5].Producer is { } masked && GradientKernels.MasksByRelu(masked) && context.HasOneReader(masked)
            && masked[1].Producer![0].Producer is { Op: "Relu", Domain: "" } activation && activation[0].Producer == node[3].Producer;
        var dY = relu ? context.Values[node[5].Producer![0]] : inputs[5];
        return Apply(context.Target, CustomOperators.NormalizationGradient, [.. inputs[..5], dY], node, relu);
    }

    private static IReadOnlyList<Value> Apply(Graph g, string op, Value?[] inputs, Node node, bool relu)
    {
        Shape x = inputs[0]!.Shape, channel = inputs[1]!.Shape;
        return g.Apply(
            CustomOperators.Domain, op, inputs, [x, channel, channel],
            ("channels", (long)x[1]), ("plane", x.Size / x[0] / x[1]), ("epsilon", node.Float("epsilon", 1e-5f)), ("relu", relu ? 1L : 0L));
    }
}
