using Fovea.Models.Graphs;

namespace Fovea.Models.Quantization;

/// <summary>
/// Decides which layers of a network compute with integers, and which tensors are quantised for them. A layer is a Conv, Gemm or MatMul
/// with constant weights. Operators between integer layers, such as pools and sums, also compute with integers if they have an integer
/// form, so that tensors are not converted to floats and back.
/// </summary>
internal sealed class QuantizationPlan
{
    private readonly Graph network;
    private readonly ILookup<Value, Node> readers;
    private readonly HashSet<Node> integer = [];
    private readonly Dictionary<Value, Value> quantized = [];
    private readonly HashSet<Value> rounded;

    /// <summary>Creates a plan for a network.</summary>
    /// <param name="network">The network, as <see cref="FoldedNormalization"/> returns it.</param>
    /// <param name="kept">The layers of <see cref="LayersOf"/> that continue to compute with floats.</param>
    public QuantizationPlan(Graph network, IReadOnlyCollection<Node> kept)
    {
        this.network = network;
        readers = network.Nodes.SelectMany(node => node.Inputs.OfType<Value>().Distinct().Select(input => (input, node)))
            .ToLookup(use => use.input, use => use.node);
        Layers = [.. LayersOf(network).Except(kept)];
        integer.UnionWith(Layers);
        var wanted = Wanted();
        integer.UnionWith(Between(wanted));
        rounded = [.. integer.Select(After)];
        foreach (var node in network.Nodes.Where(integer.Contains))
        {
            AddTensors(node, wanted);
        }
    }

    /// <summary>The layers that compute with integers.</summary>
    public IReadOnlyList<Node> Layers { get; }

    /// <summary>
    /// The quantised tensors. The value of an entry is the tensor that determines the range: the quantised tensor itself, or a tensor with
    /// the same numbers in another order or shape. A plan with more float layers never has additional entries.
    /// </summary>
    public IReadOnlyDictionary<Value, Value> Quantized => quantized;

    /// <summary>
    /// The layers of a network that can compute with integers. Layers that only compute the energy of an image, for outliers, are left out:
    /// they have few multiplications, and the threshold for outliers needs full precision.
    /// </summary>
    public static IReadOnlyList<Node> LayersOf(Graph network)
    {
        Node[] layers = [.. network.Nodes.Where(IsLayer)];
        if (network.Outputs is not [var output, ..] || LogitEnergy.Before(output) is not { } logits)
        {
            return layers;
        }

        // The classifier head is left out too, because it reads the same features as the layers that compute the energy.
        var needed = new HashSet<Value> { logits };
        foreach (var node in network.Nodes.Reverse().Where(node => node.Outputs.Any(needed.Contains)))
        {
            needed.UnionWith(node.Inputs.OfType<Value>());
        }

        return [.. layers.Where(layer => layer.Op == "Conv" && needed.Contains(layer.Output))];
    }

    /// <summary>
    /// The groups of layers to try as floats. A group is a single layer, or all layers that compute or read one tensor. A tensor that an
    /// integer layer computes is rounded even if its readers compute with floats, so the loss of precision ends only if all these layers
    /// use floats.
    /// </summary>
    public IReadOnlyList<IReadOnlyList<Node>> Groups =>
    [
        .. Layers.Select(layer => (IReadOnlyList<Node>)[layer]),
        .. quantized.Values.Distinct()
            .Select(tensor => Layers.Where(layer => After(layer) == tensor || quantized[layer[0]] == tensor).ToArray())
            .Where(group => group.Length > 1),
    ];

    /// <summary>Whether an integer operator computes the tensor, so that its numbers are rounded.</summary>
    public bool IsRounded(Value tensor) => rounded.Contains(tensor);

    /// <summary>Whether an operator computes with integers.</summary>
    public bool IsInteger(Node node) => integer.Contains(node);

    /// <summary>Whether a layer computes with floats although its input is a rounded tensor and its output is quantised.</summary>
    public bool IsKept(Node node) => IsLayer(node) && !integer.Contains(node)
        && rounded.Contains(node[0]) && quantized.ContainsKey(After(node));

    // The inputs of an operator that carry images, without weights and settings.
    private static IEnumerable<Value> DataOf(Node node) => node.Op is "Add" or "Concat" ? node.Inputs.OfType<Value>() : [node[0]];

    private static bool IsLayer(Node node) => node.Domain.Length == 0 && node.Inputs.Count > 1
        && node[0] is { Constant: null, Type: ElementType.Float }
        && node[1].Constant is { Type: ElementType.Float } weights
        && node.Op switch
        {
            "Conv" => weights.Shape.Rank == 4 && HasBias(node, weights.Shape[0]),
            "Gemm" => node.Int("transA") == 0 && weights.Shape.Rank == 2
                && HasBias(node, weights.Shape[node.Int("transB") != 0 ? 0 : 1]),
            "MatMul" => weights.Shape.Rank == 2 && node[0].Shape.Rank == 2,
            _ => false,
        };

    private static bool HasBias(Node node, int channels) => node.Inputs.ElementAtOrDefault(2) is not { } bias
        || (bias.Constant is { Type: ElementType.Float } tensor && tensor.Shape.Size == channels);

    private static bool IsCarrier(Node node) => node.Domain.Length == 0 && node.Outputs.Count == 1
        && DataOf(node).All(value => value is { Constant: null, Type: ElementType.Float })
        && (node.Op is "Add" or "Concat" or "MaxPool" or "AveragePool" or "GlobalAveragePool" || KeepsNumbers(node));

    private static bool KeepsNumbers(Node node) =>
        node.Op is "MaxPool" or "Flatten" or "Reshape" or "Transpose" or "Squeeze" or "Unsqueeze" or "Identity";

    // The tensor to quantise after a node. If a ReLU, or a Clip from 0 on, is the only reader of the node's output, it is the output of the
    // ReLU or Clip, because clipping to the range of a quantised tensor has the same effect.
    private Value After(Node node) => !network.Outputs.Contains(node.Output) && readers[node.Output].ToArray() is [var only]
        && (only is { Op: "Relu", Domain: "" } || IsClip(only))
            ? only.Output
            : node.Output;

    private static bool IsClip(Node node) => node is { Op: "Clip", Domain: "" }
        && node.Inputs.ElementAtOrDefault(1)?.Constant is { Type: ElementType.Float, Shape.Size: 1 } lowest && lowest.Floats[0] == 0
        && node.Inputs.ElementAtOrDefault(2) is null or { Constant: { Type: ElementType.Float, Shape.Size: 1 } };

    // The tensors that integer layers read, directly or through operators that can compute with integers.
    private HashSet<Value> Wanted()
    {
        var wanted = Layers.Select(layer => layer[0]).ToHashSet();
        foreach (var node in network.Nodes.Reverse().Where(node => IsCarrier(node) && wanted.Contains(After(node))))
        {
            wanted.UnionWith(DataOf(node));
        }

        return wanted;
    }

    // The operators that have an integer layer before them and another integer layer after them.
    private List<Node> Between(HashSet<Value> wanted)
    {
        var reached = Layers.Select(After).ToHashSet();
        var between = new List<Node>();
        foreach (var node in network.Nodes.Where(node => IsCarrier(node) && wanted.Contains(After(node))))
        {
            if (DataOf(node).Any(reached.Contains))
            {
                between.Add(node);
                reached.Add(After(node));
            }
        }

        return between;
    }

    // Adds the tensors that a node reads and the tensor after it. A Gemm or MatMul may output floats instead, because ONNX Runtime has
    // integer matrix products with float outputs, but no such convolution.
    private void AddTensors(Node node, HashSet<Value> wanted)
    {
        foreach (var input in DataOf(node))
        {
            quantized.TryAdd(input, input);
        }

        var after = After(node);
        if (node.Op is not ("Gemm" or "MatMul") || wanted.Contains(after))
        {
            quantized.TryAdd(after, KeepsNumbers(node) && after == node.Output ? quantized[node[0]] : after);
        }
    }
}
