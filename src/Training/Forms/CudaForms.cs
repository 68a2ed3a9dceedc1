using Fovea.Models;

namespace Fovea.Training;

/// <summary>Forms for ONNX Runtime's CUDA provider: what it lacks, from operators that it has.</summary>
internal sealed class CudaForms(Graph graph)
{
    /// <summary>A node's form.</summary>
    public IReadOnlyList<Value>? Of(Node node, Value?[] inputs) => (node.Domain, node.Op) switch
    {
        (Forms.Domain, ConvRule.WeightGradientOp) => [WeightGradient(node, inputs[0]!, inputs[1]!)],
        ("", "ConvTranspose") when Window.Of(node) is var window && !window.Before.SequenceEqual(window.After) => [EvenlyPadded(node, inputs, window)],
        ("", "BatchNormalization") when node.Int("training_mode") != 0 => Normalized(node, inputs),
        _ => null,
    };

    // dW[.., r, s] = sum over n of dY[n] X[n, shifted by r and s]', a matrix product for each place of the kernel: cuDNN's own way to it cannot be reached.
    private Value WeightGradient(Node node, Value x, Value dY)
    {
        var window = Window.Of(node);
        int n = x.Shape[0], groups = (int)node.Int("group", 1), c = x.Shape[1] / groups, m = dY.Shape[1] / groups, p = dY.Shape[2], q = dY.Shape[3], r = window.Kernel[0], s = window.Kernel[1];
        var padded = graph.Apply("Pad", [x, graph.Constant(Tensor.Of(0L, 0, window.Before[0], window.Before[1], 0, 0, window.After[0], window.After[1]))]);
        var rows = graph.Reshape(dY, new Shape(n, groups, m, p * q));
        var places = new List<Value>();
        for (int place = 0; place < r * s; place++)
        {
            int top = place / s * window.Dilations[0], left = place % s * window.Dilations[1];
            int[] ends = [top + (p - 1) * window.Strides[0] + 1, left + (q - 1) * window.Strides[1] + 1];
            var seen = graph.Reshape(graph.Slice(padded, [top, left], ends, [2, 3], window.Strides), new Shape(n, groups, c, p * q));
            var products = graph.Apply("com.microsoft", "FusedMatMul", [rows, seen], new Shape(n, groups, m, c), ("transB", 1L));
            places.Add(graph.Reshape(graph.ReduceSum(products, [0]), new Shape(groups * m, c, 1)));
        }

        return graph.Reshape(graph.Concat([.. places], 2), new Shape(groups * m, c, r, s));
    }

    // A transposed convolution's paddings, which are cut off from its result, must be the same on both sides: the smaller of two is, and the rest is cut off afterwards.
    private Value EvenlyPadded(Node node, Value?[] inputs, Window window)
    {
        int[] even = [Math.Min(window.Before[0], window.After[0]), Math.Min(window.Before[1], window.After[1])];
        int[] starts = [window.Before[0] - even[0], window.Before[1] - even[1]];
        var attributes = node.Attributes.Where(a => a.Key is "group" or "output_padding").Select(a => (a.Key, a.Value));
        var y = graph.Apply("ConvTranspose", inputs, [.. (window with { Before = even, After = even }).Attributes(), .. attributes]);
        return graph.Slice(y, starts, [starts[0] + node.Output.Shape[2], starts[1] + node.Output.Shape[3]], [2, 3]);
    }

    // Batch normalisation by the batch has no kernel: Y = gamma (X - mean) / sqrt(variance + epsilon) + beta.
    private Value[] Normalized(Node node, Value?[] inputs)
    {
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
}
