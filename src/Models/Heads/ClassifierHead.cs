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

    // A network of few classes may have been trained on the very images of the new classes. Its probabilities for them are then better than
    // for other images, and a head that trusts them would be worse than cross-validation says.
    private const int LeastClasses = 100;

    // The operators that may follow a layer whose softmax gives its probabilities.
    private static readonly string[] Keeping = ["Softmax", "LogSoftmax", "Identity", "Flatten", "Reshape", "Squeeze", "Cast"];

    private readonly Graph network;
    private readonly Node? layer;
    private readonly Value? bias;
    private readonly Node[] following;
    private readonly IReadOnlyList<HeadLayer> joined = [];
    private readonly string? description;

    private ClassifierHead(Graph network, Node layer, Value? bias, Node[] following)
    {
        (this.network, this.layer, this.bias, this.following, Features) = (network, layer, bias, following, layer[0]);
        var weights = layer[1].Shape;
        Classes = weights[layer.Op == "Conv" || layer.Int("transB") != 0 ? 0 : 1];
        FeatureCount = (int)(weights.Size / Classes);
    }

    // The head of several layers. The network computes the features of all layers side by side.
    private ClassifierHead(Graph network, IReadOnlyList<HeadLayer> joined, int classes)
        : this(network) => (this.joined, Classes, following) = (joined, classes, [.. joined.SelectMany(one => one.Following)]);

    private ClassifierHead(Graph network) => (this.network, following, Features, FeatureCount) =
        (network, [], network.Outputs[0], network.Outputs[0].Shape[1]);

    // The position for a head that reads an old head's probabilities too.
    private ClassifierHead(Graph network, string description)
        : this(network) => this.description = description;

    /// <summary>
    /// Whether the network may have no head, so that the layer computes features: a ReLU or the mean over the image follows the layer, and
    /// neither softmax nor sigmoid.
    /// </summary>
    internal bool MayBeFeatures => following.Any(node => node.Op is "Relu" or "Clip" || HeadWalk.IsMean(node))
        && !following.Any(node => node.Op is "Softmax" or "LogSoftmax" or "Sigmoid");

    /// <summary>The layer's input: [N, features], or [N, features, H, W] before a convolution.</summary>
    public Value Features { get; }

    /// <summary>The number of features of one image.</summary>
    public int FeatureCount { get; }

    /// <summary>The number of classes; 0 if the network has no head yet.</summary>
    public int Classes { get; }

    /// <summary>
    /// The number of features of the image itself. A head of <see cref="WithProbabilities"/> reads the roots of probabilities after them;
    /// those do not count.
    /// </summary>
    internal int ImageFeatureCount => Features.Producer is { Op: "Concat" } both && both[1].Producer is { Op: "Mul" } roots
        && roots[0].Producer is { Op: "Exp" }
        ? both[0].Shape[1]
        : FeatureCount;

    /// <summary>A clause that names the layer, the nodes after it, and its input.</summary>
    public string Description
    {
        get
        {
            if (description is not null)
            {
                return description;
            }

            if (joined is [{ Layer: var own }])
            {
                return $"the classifier is {own.Name} ({own.Op}), which has a vector of weights for the features of each class; "
                    + $"features of all classes side by side: {Features.Shape}";
            }

            if (joined.Count > 0)
            {
                var layers = string.Join(", ", joined.Select(one => $"{one.Layer.Name} ({one.Layer.Op})"));
                return $"the classifier is {joined.Count} layers whose outputs are joined or averaged: {layers}; features of all of them "
                    + $"side by side: {Features.Shape}";
            }

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
    /// <remarks>
    /// The outputs of several layers may be joined or averaged, as in separate sigmoids for each label or in an ensemble of networks. Then
    /// the layers are one head, whose features are the features of all layers side by side. The same holds for a layer in which each class
    /// has features of its own.
    /// </remarks>
    /// <exception cref="FoveaException">
    /// The network's input is not images, or a node between the output and the last linear layer cannot be skipped.
    /// </exception>
    public static ClassifierHead Find(Graph network)
    {
        StandardForm.InputOf(network);
        var walk = new HeadWalk(network);
        return walk.Find() is var found && found is [{ HasVectorPerClass: false } one]
            ? new(network, one.Layer, one.Bias, one.Following)
            : new(Joined(network, found), found, walk.Columns);
    }

    /// <summary>The position for a new head at the end of a network whose output is features.</summary>
    /// <param name="network">A network whose first output is [N, features].</param>
    /// <exception cref="FoveaException">The output is not [N, features].</exception>
    public static ClassifierHead At(Graph network) => network.Outputs[0].Shape is { Rank: 2 } shape && shape[1] > 0
        ? new(network)
        : throw new FoveaException(
            ErrorCode.BadModelFile, $"The output of {network.Name} is {network.Outputs[0].Shape}; expected features, [N, features].");

    /// <summary>
    /// The position for a new head that reads what this head knows: beside the features, [N, FeatureCount], the square roots of the
    /// probabilities that this head gives its classes, times a factor, [N, Classes]. The square roots let unlikely classes count too: the
    /// distance of two images is then the Hellinger distance of their probabilities.
    /// </summary>
    /// <param name="image">The shape of one image, [C, H, W].</param>
    /// <param name="factor">The factor of the square roots, greater than 0.</param>
    /// <returns>
    /// The position; <c>null</c> unless this head is a Gemm or MatMul with at least 100 classes, followed by nothing or a softmax, which
    /// reads no probabilities itself.
    /// </returns>
    /// <exception cref="FoveaException">The network does not accept images of this shape.</exception>
    internal ClassifierHead? WithProbabilities(Shape image, float factor)
    {
        if (layer is not { Op: "Gemm" or "MatMul", Domain: "", Output.Shape.Rank: 2 } || Classes < LeastClasses
            || ImageFeatureCount != FeatureCount)
        {
            return null;
        }

        // The bias may be added after the layer.
        var sum = network.Nodes.FirstOrDefault(
            node => node.Op == "Add" && node.Inputs.Contains(layer.Output) && node.Inputs.Contains(bias));
        if (following.Any(node => node != sum && !Keeping.Contains(node.Op)))
        {
            return null;
        }

        var graph = StandardForm.Of(network, sum?.Output ?? layer.Output, image);
        if (graph.Nodes.FirstOrDefault(node => node.Name == layer.Name) is not { } copy)
        {
            return null;
        }

        var (scores, features) = (graph.Outputs[0], Rows(graph, copy, copy[0]));

        // sqrt(p) = exp(log(p) / 2). The gradient of Sqrt would be infinite where a probability is rounded to 0.
        var roots = graph.Exp(graph.LogSoftmax(scores) * 0.5f) * factor;
        graph.Outputs[0] = graph.Concat([features, roots], 1);
        return new(graph, $"the new classifier also reads the probabilities that {layer.Name} ({layer.Op}) gives its {Classes} classes");
    }

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
        graph.Outputs[0] = layer is null ? graph.Outputs[0] : Rows(graph, layer, graph.Outputs[0]);
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
        var name = layer?.Name ?? (graph.Initializers.Keys.Any(value => value.Name.StartsWith($"{NewLayer}.", StringComparison.Ordinal))
            ? graph.FreeName(NewLayer)
            : NewLayer);
        var w = graph.Initializer(layer is null ? $"{name}.weight" : NameOf(layer[1]), weights);
        var b = graph.Initializer(this.bias is { } old ? NameOf(old) : $"{name}.bias", bias);
        (string, object)[] attributes = [("alpha", scale), ("transB", 1L)];
        graph.Outputs[0] = graph.Add("Gemm", [graph.Outputs[0], w, b], attributes, name, outputs: "logits").Output;
        return graph;
    }

    // The network that computes the features of several layers side by side, [N, features]. Layers may have the same features.
    private static Graph Joined(Graph network, IReadOnlyList<HeadLayer> layers)
    {
        var graph = network.EmptyCopy();
        var copies = network.Inputs.ToDictionary(input => input, input => graph.Input(input.Name, input.Type, input.Shape));
        network.CopyTo(graph, copies);
        Value[] rows = [.. layers.DistinctBy(one => one.Features).Select(one => Rows(graph, one.Layer, copies[one.Features]))];
        graph.Output(rows is [var only] ? only : graph.Concat(rows, 1));
        return graph;
    }

    // A layer's features as rows, [N, features].
    private static Value Rows(Graph graph, Node layer, Value features)
    {
        features = IsAveraged(layer) ? graph.Apply("GlobalAveragePool", [features]) : features;
        return layer.Op == "Conv" || features.Shape.Rank == 3 ? graph.Flatten(features) : features;
    }

    // Whether the layer is a convolution whose output must be averaged. A kernel as large as its input has one output per class, so it
    // needs no average: fully convolutional networks write dense layers in this form.
    internal static bool IsAveraged(Node layer) => layer.Op == "Conv"
        && !(layer[0].Shape.Dimensions[2..].SequenceEqual(layer[1].Shape.Dimensions[2..])
            && layer.Output.Shape.Dimensions[2..].All(d => d == 1));

    // The name of the initializer that a weight is computed from.
    private static string NameOf(Value weight) =>
        weight.Producer is null or { Op: "Identity" } ? weight.Name : LayerWeights.Leaves(weight).FirstOrDefault(weight).Name;
}
