using Fovea.Models.Graphs;

namespace Fovea.Models.Rewrites;

/// <summary>Replaces operators that ONNX Runtime's CUDA provider lacks by operators that it has.</summary>
internal static class CudaLowering
{
    /// <summary>
    /// The rewrite of the placeholder for dW, the gradient of a convolution's weights. dW[.., r, s] = sum over n of dY[n] X[n, shifted by r
    /// and s]', one matrix product for each position (r, s) of the kernel. ONNX Runtime does not expose cuDNN's own operator for dW.
    /// </summary>
    public static IReadOnlyList<Value> WeightGradient(RewriteContext context, Node node, Value?[] inputs)
    {
        var (graph, x, dY) = (context.Target, inputs[0]!, inputs[1]!);
        var window = Window.Of(node);
        int n = x.Shape[0], groups = node.Int32("group", 1), c = x.Shape[1] / groups, m = dY.Shape[1] / groups;
        int p = dY.Shape[2], q = dY.Shape[3], r = window.Kernel[0], s = window.Kernel[1];
        var pads = Tensor.Of(0L, 0, window.Before[0], window.Before[1], 0, 0, window.After[0], window.After[1]);
        var padded = graph.Apply("Pad", [x, graph.Constant(pads)]);
        var rows = graph.Reshape(dY, new Shape(n, groups, m, p * q));
        var gradients = new List<Value>();
        for (int position = 0; position < r * s; position++)
        {
            int top = position / s * window.Dilations[0], left = position % s * window.Dilations[1];
            int[] ends = [top + (p - 1) * window.Strides[0] + 1, left + (q - 1) * window.Strides[1] + 1];
            var shifted = graph.Reshape(graph.Slice(padded, [top, left], ends, [2, 3], window.Strides), new Shape(n, groups, c, p * q));
            var products = graph.Apply("com.microsoft", "FusedMatMul", [rows, shifted], new Shape(n, groups, m, c), ("transB", 1L));
            gradients.Add(graph.Reshape(graph.ReduceSum(products, [0]), new Shape(groups * m, c, 1)));
        }

        return [graph.Reshape(graph.Concat([.. gradients], 2), new Shape(groups * m, c, r, s))];
    }

    /// <summary>Whether a node is a transposed convolution whose padding differs on two opposite sides.</summary>
    public static bool IsUnevenlyPadded(Node node) =>
        node is { Domain: "", Op: "ConvTranspose" } && Window.Of(node) is var window && !window.Before.SequenceEqual(window.After);

    /// <summary>
    /// The rewrite of a transposed convolution whose padding differs on two opposite sides. The padding removes rows and columns of the
    /// result, and the CUDA provider supports only equal padding on both sides. The rewritten node has the smaller padding on both sides,
    /// and a Slice removes the remaining rows and columns.
    /// </summary>
    public static IReadOnlyList<Value> SymmetricallyPadded(RewriteContext context, Node node, Value?[] inputs)
    {
        var (graph, window) = (context.Target, Window.Of(node));
        int[] common = [Math.Min(window.Before[0], window.After[0]), Math.Min(window.Before[1], window.After[1])];
        int[] starts = [window.Before[0] - common[0], window.Before[1] - common[1]];
        var attributes = node.Attributes.Where(a => a.Key is "group" or "output_padding").Select(a => (a.Key, a.Value));
        var y = graph.Apply("ConvTranspose", inputs, [.. (window with { Before = common, After = common }).Attributes(), .. attributes]);
        return [graph.Slice(y, starts, [starts[0] + node.Output.Shape[2], starts[1] + node.Output.Shape[3]], [2, 3])];
    }

    /// <summary>
    /// The rewrite of batch normalisation in training mode, which the CUDA provider does not implement: Y = gamma (X - mean) /
    /// sqrt(variance + epsilon) + beta.
    /// </summary>
    public static IReadOnlyList<Value> TrainingNormalization(RewriteContext context, Node node, Value?[] inputs)
    {
        var graph = context.Target;
        Value x = inputs[0]!, gamma = inputs[1]!, beta = inputs[2]!;
        int[] others = [.. Enumerable.Range(0, x.Shape.Rank).Where(axis => axis != 1)];
        float count = x.Shape.Size / x.Shape[1];
        var each = new Shape([.. Enumerable.Range(0, x.Shape.Rank).Select(axis => axis == 1 ? x.Shape[1] : 1)]);
        var mean = graph.ReduceSum(x, others) * (1 / count);
        var centred = x - graph.Reshape(mean, each);
        var variance = graph.ReduceSum(centred * centred, others) * (1 / count);
        var scale = gamma / graph.Sqrt(variance + node.Float("epsilon", 1e-5f));
        return [centred * graph.Reshape(scale, each) + graph.Reshape(beta, each), mean, variance];
    }

    // dbeta = sum dY;  dgamma = sum(dY z) = r (sum(dY X) - mean sum dY);  dX = a dY + b X + c,
    // a = gamma r,  b = -a r dgamma / m,  c = -a dbeta / m - b mean.

    /// <summary>The rewrite of the placeholder for the gradients of batch normalisation in training mode.</summary>
    public static IReadOnlyList<Value> NormalizationGradient(RewriteContext context, Node node, Value?[] inputs)
    {
        var graph = context.Target;
        Value x = inputs[0]!, gamma = inputs[1]!, mean = inputs[3]!, variance = inputs[4]!, dY = inputs[5]!;
        int[] others = [.. Enumerable.Range(0, x.Shape.Rank).Where(axis => axis != 1)];
        var each = new Shape([.. Enumerable.Range(0, x.Shape.Rank).Select(axis => axis == 1 ? x.Shape[1] : 1)]);
        float count = x.Shape.Size / x.Shape[1];
        var r = graph.Apply("Reciprocal", [graph.Sqrt(variance + node.Float("epsilon", 1e-5f))]);
        var shift = graph.ReduceSum(dY, others);
        var scale = (graph.ReduceSum(dY * x, others) - mean * shift) * r;
        var a = gamma * r;
        var b = a * r * scale * (-1 / count);
        var c = a * shift * (-1 / count) - b * mean;
        return [dY * graph.Reshape(a, each) + (x * graph.Reshape(b, each) + graph.Reshape(c, each)), scale, shift];
    }
}
