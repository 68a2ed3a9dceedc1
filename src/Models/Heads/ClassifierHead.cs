namespace Fovea.Models;

/// <summary>
/// Where a classifier decides: its last linear layer, a Gemm, a MatMul, or a convolution of whose output the mean over the image is taken. What
/// comes behind it (softmax, changes of shape, pooling) is looked through, and falls away when the head is replaced.
/// </summary>
public sealed class ClassifierHead
{
    private readonly Graph network;
    private readonly Node layer;
    private readonly Value? bias;
    private readonly Node[] behind;

    private ClassifierHead(Graph network, Node layer, Value? bias, Node[] behind)
    {
        (this.network, this.layer, this.bias, this.behind) = (network, layer, bias, behind);
        Classes = Weights.Shape[layer.Op == "Conv" || layer.Int("transB") != 0 ? 0 : 1];
        FeatureCount = (int)(Weights.Shape.Size / Classes);
    }

    /// <summary>What enters the layer: [N, features], or [N, features, H, W] before a convolution.</summary>
    public Value Features => layer[0];

    /// <summary>How many numbers of an image the layer decides by.</summary>
    public int FeatureCount { get; }

    /// <summary>How many classes it decides between.</summary>
    public int Classes { get; }

    /// <summary>One line: which layer it is, and what enters it.</summary>
    public string Description
    {
        get
        {
            var then = behind.Length == 0 ? "" : $", then {string.Join(", ", behind.Select(node => node.Op))}";
            return $"the classifier is {layer.Name} ({layer.Op}, {FeatureCount} -> {Classes}{then}); features: {Features.Name} {Features.Shape}{(IsAveraged(layer) ? ", their mean over the image" : "")}";
        }
    }

    private Value Weights => layer[1];

    /// <summary>Finds the head, on the way back from the first output.</summary>
    /// <exception cref="FoveaException">The network takes no images, or something else than a linear layer decides.</exception>
    public static ClassifierHead Find(Graph network)
    {
        StandardForm.InputOf(network);
        var behind = new Stack<Node>();
        var value = network.Outputs.FirstOrDefault() ?? throw Missing("it has no output");
        Value? bias = null;
        while (true)
        {
            var node = value.Producer ?? throw Missing($"no layer computes {value.Name}");
            if (IsLinear(node))
            {
                return Flaw(node, behind) is { } flaw ? throw Missing(flaw) : new(network, node, bias ?? node.Inputs.ElementAtOrDefault(2), [.. behind]);
            }

            if (node is { Op: "Add", Domain: "" } && bias is null && node.Inputs.Any(IsConstant))
            {
                int added = IsConstant(node[1]) ? 1 : 0;
                (bias, value) = (node[added], node[1 - added]);
            }
            else if (node.Domain.Length == 0 && IsLookedThrough(node))
            {
                behind.Push(node);
                value = node[0];
            }
            else
            {
                throw Missing($"on the way back from {network.Outputs[0].Name} stands {node.Name} ({node.Op})");
            }
        }

        FoveaException Missing(string found) => new(
            ErrorCode.BadModelFile, $"{network.Name} has no classifier that could be replaced: {found}. Expected a Gemm, MatMul or 1x1 Conv with constant weights, and behind it only a softmax, changes of shape, or the mean over the image.");
    }

    /// <summary>The network up to its features, in standard form: images [N, C, H, W] in, features [N, FeatureCount] out.</summary>
    /// <param name="image">[C, H, W].</param>
    /// <exception cref="FoveaException">The network does not take such images.</exception>
    public Graph Backbone(Shape image)
    {
        var graph = StandardForm.Of(network, Features, image);
        if (IsAveraged(layer))
        {
            graph.Outputs[0] = graph.Apply("GlobalAveragePool", [graph.Outputs[0]]);
        }

        if (layer.Op == "Conv")
        {
            graph.Outputs[0] = graph.Flatten(graph.Outputs[0]);
        }

        return graph;
    }

    /// <summary>The network with another head: images [N, C, H, W] in, <c>logits</c> [N, classes] out.</summary>
    /// <param name="image">[C, H, W].</param>
    /// <param name="weights">[classes, FeatureCount].</param>
    /// <param name="bias">[classes].</param>
    /// <exception cref="FoveaException">The network does not take such images.</exception>
    public Graph Replaced(Shape image, Tensor weights, Tensor bias)
    {
        var graph = Backbone(image);
        var w = graph.Initializer(NameOf(Weights), weights);
        var b = graph.Initializer(this.bias is { } old ? NameOf(old) : $"{layer.Name}.bias", bias);
        graph.Outputs[0] = graph.Add("Gemm", [graph.Outputs[0], w, b], [("transB", 1L)], layer.Name, outputs: "logits").Output;
        return graph;
    }

    private static bool IsLinear(Node node) => node.Domain.Length == 0 && node.Op switch
    {
        "Gemm" => node.Int("transA") == 0 && IsConstant(node[1]),
        "Conv" => node.Int("group", 1) == 1 && IsConstant(node[1]),
        "MatMul" => IsConstant(node[1]),
        _ => false,
    };

    // Dropout is the identity when nothing is trained; activations leave the order of the classes as it is.
    private static bool IsLookedThrough(Node node) =>
        node.Op is "Softmax" or "LogSoftmax" or "Sigmoid" or "Relu" or "Identity" or "Dropout" or "Cast" or "Flatten" or "Reshape" or "Squeeze" or "Unsqueeze" or "Transpose" || IsMean(node);

    private static bool IsMean(Node node) =>
        node.Op is "GlobalAveragePool" or "ReduceMean" or "AveragePool" && node.Output.Shape.Dimensions.Skip(2).All(d => d is 1 or Shape.Free);

    private static string? Flaw(Node layer, IEnumerable<Node> behind)
    {
        Shape features = layer[0].Shape, weights = layer[1].Shape;
        int rank = layer.Op == "Conv" ? 4 : 2;
        return !weights.IsKnown || weights.Rank != rank || features.Rank != rank ? $"{layer.Name} ({layer.Op}) has weights {weights} for features {features}"
            : layer.Op != "Conv" || !IsAveraged(layer) || weights[2] == 1 && weights[3] == 1 && behind.Any(IsMean) ? null
            : $"{layer.Name} ({layer.Op}) has weights {weights} and gives {layer.Output.Shape}";
    }

    // A kernel as large as the map that it is laid on sees all of it at once, as fully connected layers are written in convolutional networks.
    private static bool IsAveraged(Node layer) => layer.Op == "Conv"
        && !(layer[0].Shape.Dimensions[2..].SequenceEqual(layer[1].Shape.Dimensions[2..]) && layer.Output.Shape.Dimensions[2..].All(d => d == 1));

    private static bool IsConstant(Value? value) => value is not null && LayerWeights.Leaves(value).Any();

    private static string NameOf(Value weight) => weight.Producer is null or { Op: "Identity" } ? weight.Name : LayerWeights.Leaves(weight).First().Name;
}
