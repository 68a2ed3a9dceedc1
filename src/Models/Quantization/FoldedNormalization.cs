using Fovea.Models.Adoption;
using Fovea.Models.Graphs;

namespace Fovea.Models.Quantization;

// y = gamma (conv(x, w) + b - mean) / sqrt(variance + epsilon) + beta = conv(x, r w) + r (b - mean) + beta, r = gamma / sqrt(variance +
// epsilon) for each output channel.

/// <summary>
/// Folds batch normalisation into the convolution before it, and removes Dropout, which has no effect in inference. Quantisation needs
/// both, because no other operator may be between an integer convolution and the quantisation of its output.
/// </summary>
internal static class FoldedNormalization
{
    /// <summary>Returns a copy of a network in which batch normalisations are folded into convolutions.</summary>
    /// <param name="network">A network of operator set 13 or later; it is not changed.</param>
    public static Graph Of(Graph network)
    {
        var folded = Folds(network);
        var copy = new GraphCopy(network);
        copy.CopyInputs();
        copy.CopyNodes((node, inputs) =>
            folded.TryGetValue(node, out var normalization) ? [Folded(copy.Target, node, normalization, inputs)]
            : folded.ContainsValue(node) || (node is { Op: "Dropout", Domain: "" } && !network.Outputs.Contains(node.Output))
                ? [inputs[0]!, .. node.Outputs.Skip(1).Select(_ => inputs[0]!)]
            : null);
        return copy.Finish();
    }

    // For each convolution whose output is read only by a batch normalisation with constant statistics: this batch normalisation.
    private static Dictionary<Node, Node> Folds(Graph network)
    {
        var readers = network.Nodes.SelectMany(node => node.Inputs.OfType<Value>().Select(input => (input, node)))
            .ToLookup(use => use.input, use => use.node);
        return network.Nodes.Where(IsConvolution)
            .Where(conv => !network.Outputs.Contains(conv.Output))
            .Select(conv => (conv, next: readers[conv.Output].ToArray()))
            .Where(pair => pair.next is [var only] && IsFixed(only) && only[0] == pair.conv.Output
                && !network.Outputs.Contains(only.Output))
            .ToDictionary(pair => pair.conv, pair => pair.next[0]);
    }

    private static bool IsConvolution(Node node) => node is { Op: "Conv", Domain: "" }
        && node[1].Constant is { Type: ElementType.Float }
        && node.Inputs.ElementAtOrDefault(2) is null or { Constant.Type: ElementType.Float };

    private static bool IsFixed(Node node) => node is { Op: "BatchNormalization", Domain: "", Outputs.Count: 1 }
        && node.Int("training_mode") == 0
        && node.Inputs is [_, { } scale, { } shift, { } mean, { } variance]
        && ((Value[])[scale, shift, mean, variance]).All(value => value.Constant is { Type: ElementType.Float });

    private static Value Folded(Graph target, Node conv, Node normalization, Value?[] inputs)
    {
        var weights = conv[1].Constant!;
        ReadOnlySpan<float> scale = normalization[1].Constant!.Floats, shift = normalization[2].Constant!.Floats;
        ReadOnlySpan<float> mean = normalization[3].Constant!.Floats, variance = normalization[4].Constant!.Floats;
        var bias = conv.Inputs.ElementAtOrDefault(2)?.Constant;
        var (w, b) = (weights.Floats.ToArray(), new float[scale.Length]);
        int perChannel = w.Length / b.Length;
        for (int channel = 0; channel < b.Length; channel++)
        {
            double r = scale[channel] / Math.Sqrt(variance[channel] + (double)normalization.Float("epsilon", 1e-5f));
            b[channel] = (float)((((bias is null ? 0 : bias.Floats[channel]) - mean[channel]) * r) + shift[channel]);
            foreach (ref float element in w.AsSpan(channel * perChannel, perChannel))
            {
                element = (float)(element * r);
            }
        }

        Value?[] operands =
        [
            inputs[0],
            target.Initializer($"{conv.Name}:folded", Tensor.Of(weights.Shape, w)),
            target.Initializer($"{conv.Name}:shift", Tensor.Of(new Shape(b.Length), b)),
        ];
        return target.Add(conv.Op, operands, [.. conv.Attributes.Select(a => (a.Key, a.Value))], conv.Name, outputs: conv.Output.Name)
            .Output;
    }
}
