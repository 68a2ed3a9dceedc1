using Fovea.Models.Graphs;

namespace Fovea.Models.Quantization;

/// <summary>
/// Which layers of a network compute with integers, and which tensors are quantised for it. A layer is a Conv, Gemm or MatMul with constant
/// weights. Operators between integer layers that have an integer form, such as pools and sums, compute with integers too, so that the
/// tensors between need not become floats and integers again.
/// </summary>
internal sealed class QuantizationPlan
{
    private readonly Graph network;
    private readonly ILookup<Value, Node> readers;
    private readonly HashSet<Node> integer = [];
    private readonly Dictionary<Value, Value> quantized = [];
    private readonly HashSet<Value> rounded;

    /// <summary>Makes a plan.</summary>
    /// <param name="network">The network, as <see cref="FoldedNormalization"/> returns it.</param>
    /// <param name="kept">The layers of <see cref="LayersOf"/> that stay floats.</param>
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
    /// The quantised tensors, each with the tensor whose range it has: itself, or the one whose numbers it has in another place or shape.
    /// A plan that keeps more layers as floats has no other tensors.
    /// </summary>
    public IReadOnlyDictionary<Value, Value> Quantized => quantized;

    /// <summary>
    /// The layers of a network that can compute with integers. What only computes an image's energy from its features is left out: few
    /// multiplications, and the threshold for outliers depends on all digits.
    /// </summary>
    public static IReadOnlyList<Node> LayersOf(Graph network)
    {
        Node[] layers = [.. network.Nodes.Where(IsLayer)];
        if (network.Outputs is not [var output, ..] || LogitEnergy.Before(output) is not { } logits)
        {
            return layers;
        }

        // The head reads the same features as the energy.
        var needed = new HashSet<Value> { logits };
        foreach (var node in network.Nodes.Reverse().Where(node => node.Outputs.Any(needed.Contains)))
        {
            needed.UnionWith(node.Inputs.OfType<Value>());
        }

        return [.. layers.Where(layer => layer.Op == "Conv" && needed.Contains(layer.Output))];
    }

    /// <summary>
    /// Layers that may stay floats together: each layer alone, and those beside one tensor, the one that computes it and those that read it.
    /// A tensor that integers compute is quantised whether or not its reader computes with integers, so damage by its rounding ends only if
    /// all of them are floats.
    /// </summary>
    public IReadOnlyList<IReadOnlyList<Node>> Groups =>
    [
        .. Layers.Select(layer => (IReadOnlyList<Node>)[layer]),
        .. quantized.Values.Distinct()
            .Select(tensor => Layers.Where(layer => After(layer) == tensor || quantized[layer[0]] == tensor).ToArray())
            .Where(group => group.Length > 1),
    ];

    /// <summary>Whether integers compute a tensor, so that its floats are known only after rounding.</summary>
    public bool IsRounded(Value tensor) => rounded.Contains(tensor);

    /// <summary>Whether an operator computes with integers.</summary>
    public bool IsInteger(Node node) => integer.Contains(node);

    /// <summary>Whether a layer stays floats although it reads a rounded tensor, and its output is rounded.</summary>
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

    // The tensor after a node: that of the ReLU which alone reads the node's output, since the lower end of a quantised tensor's range does
    // the same as a ReLU. A Clip is passed in the same way, its range covers that of the tensor.
    private Value After(Node node) => !network.Outputs.Contains(node.Output) && readers[node.Output].ToArray() is [var only]
        && (only is { Op: "Relu", Domain: "" } || IsClip(only))
            ? only.Output
            : node.Output;

    private static bool IsClip(Node node) => node is { Op: "Clip", Domain: "" }
        && node.Inputs.ElementAtOrDefault(1)?.Constant is { Type: ElementType.Float, Shape.Size: 1 } lowest && lowest.Floats[0] == 0
        && node.Inputs.ElementAtOrDefault(2) is null or { Constant: { Type: ElementType.Float, Shape.Size: 1 } };

    // The tensors that an integer layer needs, through operators that can compute with integers.
    private HashSet<Value> Wanted()
    {
        var wanted = Layers.Select(layer => layer[0]).ToHashSet();
        foreach (var node in network.Nodes.Reverse().Where(node => IsCarrier(node) && wanted.Contains(After(node))))
        {
            wanted.UnionWith(DataOf(node));
        }

        return wanted;
    }

    // The operators that an integer layer comes before and another one after.
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

    // ONNX Runtime has no integer convolution that gives floats, but integer products of matrices that do.
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
