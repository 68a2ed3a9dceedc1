using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Summary;

namespace Fovea.Models.Heads;

/// <summary>
/// The last linear layer of a classifier, which computes the logits: a Gemm, a MatMul, or a convolution whose output is averaged over the
/// image. The search for the head skips nodes after the layer, such as softmax, changes of shape and pooling. Replacing the head drops
/// them.
/// </summary>
public sealed class ClassifierHead
{
    private const string NewLayer = "head";

    private readonly Graph network;
    private readonly Node? layer;
    private readonly Value? bias;
    private readonly Node[] following;

    private ClassifierHead(Graph network, Node layer, Value? bias, Node[] following)
    {
        (this.network, this.layer, this.bias, this.following, Features) = (network, layer, bias, following, layer[0]);
        var weights = layer[1].Shape;
        Classes = weights[layer.Op == "Conv" || layer.Int("transB") != 0 ? 0 : 1];
        FeatureCount = (int)(weights.Size / Classes);
    }

    private ClassifierHead(Graph network) => (this.network, following, Features, FeatureCount) =
        (network, [], network.Outputs[0], network.Outputs[0].Shape[1]);

    /// <summary>
    /// Whether the network may have no head, so that the layer computes features: a ReLU or the mean over the image follows the layer, and
    /// neither softmax nor sigmoid.
    /// </summary>
    internal bool MayBeFeatures => following.Any(node => node.Op is "Relu" or "Clip" || IsMean(node))
        && !following.Any(node => node.Op is "Softmax" or "LogSoftmax" or "Sigmoid");

    /// <summary>The layer's input: [N, features], or [N, features, H, W] before a convolution.</summary>
    public Value Features { get; }

    /// <summary>The number of features of one image.</summary>
    public int FeatureCount { get; }

    /// <summary>The number of classes; 0 if the network has no head yet.</summary>
    public int Classes { get; }

    /// <summary>A clause that names the layer, the nodes after it, and its input.</summary>
    public string Description
    {
        get
        {
            if (layer is null)
            {
                return $"there is no classifier yet; features: {Features.Name} {Features.Shape}";
            }

            var then = following.Length == 0 ? "" : $", then {string.Join(", ", following.Select(node => node.Op))}";
            var mean = IsAveraged(layer) ? ", their mean over the image" : "";
            return $"the classifier is {layer.Name} ({layer.Op}, {FeatureCount} -> {Classes}{then}); "
                + $"features: {Features.Name} {Features.Shape}{mean}";
        }
    }

    /// <summary>Finds the head: the first linear layer on the path from the first output back to the input.</summary>
    /// <exception cref="FoveaException">
    /// The network's input is not images, or a node between the output and the last linear layer cannot be skipped.
    /// </exception>
    public static ClassifierHead Find(Graph network)
    {
        StandardForm.InputOf(network);
        var following = new Stack<Node>();
        var value = network.Outputs.FirstOrDefault() ?? throw Missing("it has no output");
        Value? bias = null;

        PassActivation();
        var constants = LayerWeights.InputIndependent(network);
        while (true)
        {
            var node = value.Producer ?? throw Missing($"no layer computes {value.Name}");
            if (IsLinear(node) && !IsSpread(node) && !IsCalibration(node))
            {
                return ProblemOf(node, following) is { } problem
                    ? throw Missing(problem)
                    : new(network, node, bias ?? node.Inputs.ElementAtOrDefault(2), [.. following]);
            }

            if (node is { Op: "Add", Domain: "" } && bias is null && node.Inputs.Any(IsConstant))
            {
                int added = IsConstant(node[1]) ? 1 : 0;
                (bias, value) = (node[added], node[1 - added]);
            }
            else if (node.Domain.Length == 0 && (CanBeSkipped(node) || IsSpread(node) || IsCalibration(node)))
            {
                following.Push(node);
                (bias, value) = (node.Op is "Gemm" or "MatMul" ? null : bias, node[0]);
            }
            else if (LogitEnergy.Before(value) is { } logits)
            {
                following.Push(node);
                value = logits;
            }
            else if (UnmadeLogits(node) is { } probabilities)
            {
                following.Push(node);
                value = probabilities;
                PassActivation();
            }
            else if (node is { Op: "Add" or "Sub" or "Mul" or "Div", Domain: "" } && Scaled(node, constants) is { } scaled)
            {
                // The node divides the logits by a temperature, or shifts them. A bias that was found after this node does not belong to
                // the linear layer.
                (bias, value) = (null, scaled);
                following.Push(node);
            }
            else
            {
                throw Missing($"its output {network.Outputs[0].Name} is computed from {node.Name} ({node.Op})");
            }
        }

        // Skips an activation that consists of several nodes, such as Exp, ReduceSum and Div.
        void PassActivation()
        {
            if (ActivationReader.Of(value) is { Source: { } source, Node: { } activation })
            {
                following.Push(activation);
                value = source;
            }
        }

        FoveaException Missing(string reason) => new(
            ErrorCode.BadModelFile,
            $"{network.Name} has no classifier that can be replaced: {reason}. Expected a Gemm, MatMul or 1x1 Conv with constant weights, "
            + "followed only by a softmax, changes of shape, or the mean over the image.");
    }

    /// <summary>The position for a new head at the end of a network whose output is features.</summary>
    /// <param name="network">A network whose first output is [N, features].</param>
    /// <exception cref="FoveaException">The output is not [N, features].</exception>
    public static ClassifierHead At(Graph network) => network.Outputs[0].Shape is { Rank: 2 } shape && shape[1] > 0
        ? new(network)
        : throw new FoveaException(
            ErrorCode.BadModelFile, $"The output of {network.Name} is {network.Outputs[0].Shape}; expected features, [N, features].");

    /// <summary>The head; <c>null</c> if <see cref="Find"/> would throw.</summary>
    internal static ClassifierHead? TryFind(Graph network)
    {
        try
        {
            return Find(network);
        }
        catch (FoveaException)
        {
            return null;
        }
    }

    /// <summary>
    /// The part of the network that computes the features, in the form of Fovea's own files: input images [N, C, H, W], output features [N,
    /// FeatureCount].
    /// </summary>
    /// <param name="image">The shape of one image, [C, H, W].</param>
    /// <exception cref="FoveaException">The network does not accept images of this shape.</exception>
    public Graph Backbone(Shape image)
    {
        var graph = StandardForm.Of(network, Features, image);
        if (layer is not null && IsAveraged(layer))
        {
            graph.Outputs[0] = graph.Apply("GlobalAveragePool", [graph.Outputs[0]]);
        }

        if (layer?.Op == "Conv")
        {
            graph.Outputs[0] = graph.Flatten(graph.Outputs[0]);
        }

        return graph;
    }

    /// <summary>
    /// The network with another head: input images [N, C, H, W], output <c>logits</c> [N, classes] = scale features weights' + bias.
    /// </summary>
    /// <param name="image">The shape of one image, [C, H, W].</param>
    /// <param name="weights">The weights, [classes, FeatureCount].</param>
    /// <param name="bias">The bias, [classes].</param>
    /// <param name="scale">The factor of the features, greater than 0. Default 1.</param>
    /// <exception cref="FoveaException">The network does not accept images of this shape.</exception>
    public Graph Replaced(Shape image, Tensor weights, Tensor bias, float scale = 1)
    {
        var graph = Backbone(image);
        var name = layer?.Name ?? NewLayer;
        var w = graph.Initializer(layer is null ? $"{name}.weight" : NameOf(layer[1]), weights);
        var b = graph.Initializer(this.bias is { } old ? NameOf(old) : $"{name}.bias", bias);
        (string, object)[] attributes = [("alpha", scale), ("transB", 1L)];
        graph.Outputs[0] = graph.Add("Gemm", [graph.Outputs[0], w, b], attributes, name, outputs: "logits").Output;
        return graph;
    }

    private static bool IsLinear(Node node) => node.Domain.Length == 0 && node.Op switch
    {
        "Gemm" => node.Int("transA") == 0 && IsConstant(node[1]),
        "Conv" => node.Int("group", 1) == 1 && IsConstant(node[1]),
        "MatMul" => IsConstant(node[1]),
        _ => false,
    };

    // The p if the node computes log(p / (1 - p)), with which adoption turns probabilities into logits; null for other nodes.
    private static Value? UnmadeLogits(Node node) =>
        node is { Op: "Log", Domain: "" } && node[0].Producer is { Op: "Div" } odds && odds[1].Producer is { Op: "Sub" } other
        && other[1] == odds[0]
            ? odds[0]
            : null;

    // Whether the node is a Gemm with one input feature, which computes the outputs of two classes from one number.
    private static bool IsSpread(Node node) => node is { Op: "Gemm", Domain: "" } && IsConstant(node[1]) && node[1].Shape is { Rank: 2 } w
        && w[node.Int("transB") == 0 ? 0 : 1] == 1;

    // Dropout is the identity in inference. Softmax, sigmoid, clipping and ReLU are monotonic, so they do not change the order of the
    // classes.
    private static bool CanBeSkipped(Node node) =>
        node.Has(Traits.KeepsOrder) || node.Has(Traits.SameNumbers) || IsMean(node)
        || (node.Op is "Slice" or "Gather" && node[0].Shape.Rank == 2 && node.Output.Shape.Rank == 2);

    private static bool IsMean(Node node) =>
        node.Op is "GlobalAveragePool" or "ReduceMean" or "AveragePool"
        && node.Output.Shape.Dimensions.Skip(2).All(d => d is 1 or Shape.Free);

    // The reason why a linear layer cannot be the classifier; null if it can.
    private static string? ProblemOf(Node layer, IEnumerable<Node> following)
    {
        Shape features = layer[0].Shape, weights = layer[1].Shape;
        int rank = layer.Op == "Conv" ? 4 : 2;
        if (!weights.IsKnown || weights.Rank != rank || features.Rank != rank)
        {
            return $"{layer.Name} ({layer.Op}) has weights {weights} for features {features}";
        }

        return layer.Op != "Conv" || !IsAveraged(layer) || weights[2] == 1 && weights[3] == 1 && following.Any(IsMean)
            ? null
            : $"{layer.Name} ({layer.Op}) has weights {weights} and an output of {layer.Output.Shape}";
    }

    // Whether the layer is a convolution whose output must be averaged. A kernel as large as its input has one output per class, so it
    // needs no average: fully convolutional networks write dense layers in this form.
    private static bool IsAveraged(Node layer) => layer.Op == "Conv"
        && !(layer[0].Shape.Dimensions[2..].SequenceEqual(layer[1].Shape.Dimensions[2..])
            && layer.Output.Shape.Dimensions[2..].All(d => d == 1));

    // The operand that depends on the image, if the other operand is the same for all images; null otherwise.
    private static Value? Scaled(Node node, HashSet<Node> constants)
    {
        return IsFixed(node[1]) ? node[0] : IsFixed(node[0]) && node.Op != "Div" ? node[1] : null;

        bool IsFixed(Value value) =>
            value.Producer is { } producer ? constants.Contains(producer) : value.Graph.Initializers.ContainsKey(value);
    }

    // Whether the node is a linear layer with as many outputs as inputs, directly after another linear layer. It only calibrates the
    // logits.
    private static bool IsCalibration(Node node) => node is { Op: "Gemm" or "MatMul", Domain: "" } && IsConstant(node[1])
        && node[1].Shape is { Rank: 2 } w && w[0] == w[1]
        && (node[0].Producer is { Op: "Add", Domain: "" } add && IsConstant(add[1]) ? add[0].Producer : node[0].Producer) is { } before
        && IsLinear(before);

    private static bool IsConstant(Value? value) => value is not null && LayerWeights.Leaves(value).Any();

    // The name of the initializer that a weight is computed from.
    private static string NameOf(Value weight) =>
        weight.Producer is null or { Op: "Identity" } ? weight.Name : LayerWeights.Leaves(weight).First().Name;
}
