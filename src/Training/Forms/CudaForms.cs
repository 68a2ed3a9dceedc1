using Fovea.Models;

namespace Fovea.Training;

/// <summary>Expresses operators that ONNX Runtime's CUDA provider lacks by operators that it has.</summary>
/// <param name="graph">The graph to which the converted nodes are added.</param>
internal sealed class CudaForms(Graph graph)
{
    /// <summary>Adds the form of a node and returns its outputs; returns null to copy the node unchanged.</summary>
    /// <param name="node">A node of the source graph.</param>
    /// <param name="inputs">Its inputs in the target graph.</param>
    public IReadOnlyList<Value>? Of(Node node, Value?[] inputs) => (node.Domain, node.Op) switch
    {
        (Forms.Domain, ConvRule.WeightGradientOp) => [WeightGradient(node, inputs[0]!, inputs[1]!)],
        ("", "ConvTranspose") when Window.Of(node) is var window && !window.Before.SequenceEqual(window.After) =>
            [SymmetricallyPadded(node, inputs, window)],
        ("", "BatchNormalization") when node.Int("training_mode") != 0 => TrainingNormalization(node, inputs),
        _ => null,
    };

    // dW[.., r, s] = sum over n of dY[n] X[n, shifted by r and s]', one matrix product for each position (r, s) of the kernel. ONNX Runtime
    // does not expose cuDNN's own operator for dW.
    private Value WeightGradient(Node node, Value x, Value dY)
    {
        var window = Window.Of(node);
        int n = x.Shape[0], groups = (int)node.Int("group", 1), c = x.Shape[1] / groups, m = dY.Shape[1] / groups;
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

        return graph.Reshape(graph.Concat([.. gradients], 2), new Shape(groups * m, c, r, s));
    }

    // The padding of a transposed convolution removes rows and columns of its result, and CUDA supports only equal padding on both sides.
    // The node gets the smaller padding on both sides, and a Slice removes the rest.
    private Value SymmetricallyPadded(Node node, Value?[] inputs, Window window)
    {
        int[] common = [Math.Min(window.Before[0], window.After[0]), Math.Min(window.Before[1], window.After[1])];
        int[] starts = [window.Before[0] - common[0], window.Before[1] - common[1]];
        var attributes = node.Attributes.Where(a => a.Key is "group" or "output_padding").Select(a => (a.Key, a.Value));
        var y = graph.Apply("ConvTranspose", inputs, [.. (window with { Before = common, After = common }).Attributes(), .. attributes]);
        return graph.Slice(y, starts, [starts[0] + node.Output.Shape[2], starts[1] + node.Output.Shape[3]], [2, 3]);
    }

    // The CUDA provider has no kernel for batch normalisation in training mode: Y = gamma (X - mean) / sqrt(variance + epsilon) + beta.
    private Value[] TrainingNormalization(Node node, Value?[] inputs)
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
