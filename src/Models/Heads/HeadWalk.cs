using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Summary;

namespace Fovea.Models.Heads;

/// <summary>
/// The search from the output of a network back to the linear layers that compute the logits. Usually there is one layer. There are
/// several where a node joins, adds or averages the outputs of layers.
/// </summary>
internal sealed class HeadWalk
{
    // The limit of sums within sums. An ensemble written as p + q + r + ... has one level for each network.
    private const int MostDepth = 100;

    private readonly Graph network;
    private readonly Value output;
    private readonly HashSet<Node> constants;
    private readonly Dictionary<Value, IReadOnlyList<HeadLayer>?> known = [];
    private int depth;

    /// <summary>Prepares the search.</summary>
    /// <param name="network">The network; its first output holds the scores of the classes.</param>
    public HeadWalk(Graph network)
    {
        this.network = network;
        output = network.Outputs.FirstOrDefault() ?? throw Missing("it has no output");
        constants = LayerWeights.InputIndependent(network);
    }

    /// <summary>The number of outputs of the layers after joining; 0 while <see cref="Find"/> has not found several layers.</summary>
    public int Columns { get; private set; }

    /// <summary>Finds the layers.</summary>
    /// <exception cref="FoveaException">A node between the output and the last linear layer cannot be skipped.</exception>
    public IReadOnlyList<HeadLayer> Find() => Search(output);

    private IReadOnlyList<HeadLayer> Search(Value from)
    {
        var following = new Stack<Node>();
        var value = PassActivation(from, following);
        Value? bias = null;
        while (true)
        {
            var node = value.Producer ?? throw Missing($"no layer computes {value.Name}");
            if (ClassVectors.Of(node) is { } vectors)
            {
                Columns = vectors.Classes;
                return [new(node, null, [.. following]) { Features = vectors.X, HasVectorPerClass = true }];
            }

            if (IsLinear(node) && !IsSpread(node) && !IsCalibration(node))
            {
                return ProblemOf(node, following) is { } problem
                    ? throw Missing(problem)
                    : [new(node, bias ?? node.Inputs.ElementAtOrDefault(2), [.. following])];
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
                value = PassActivation(probabilities, following);
            }
            else if (node is { Op: "Add" or "Sub" or "Mul" or "Div", Domain: "" } && Scaled(node) is { } scaled)
            {
                // The node divides the logits by a temperature, or shifts them. A bias that was found after this node does not belong to
                // the linear layer.
                (bias, value) = (null, scaled);
                following.Push(node);
            }
            else if (Parts(node) is { } parts)
            {
                Columns = node.Output.Shape[-1];
                return [.. parts.Select(part => part with { Following = [.. part.Following, .. following] })];
            }
            else
            {
                throw Missing($"its output {network.Outputs[0].Name} is computed from {node.Name} ({node.Op})");
            }
        }
    }

    // Skips an activation that consists of several nodes, such as Exp, ReduceSum and Div.
    private static Value PassActivation(Value value, Stack<Node> following)
    {
        if (ActivationReader.Of(value) is not { Source: { } source, Node: { } activation })
        {
            return value;
        }

        following.Push(activation);
        return source;
    }

    // The layers behind a node that joins, adds or averages the outputs of several layers; null for other nodes. Feature maps are joined
    // and added inside of networks, so only rows count: [N, classes], or [N, networks, classes] before a mean over the networks.
    private IReadOnlyList<HeadLayer>? Parts(Node node)
    {
        bool joinsImages = node.Op == "Concat" && (node.Int("axis") == 0 || node.Int("axis") == -node.Output.Shape.Rank);
        if (joinsImages || node.Domain.Length > 0 || node.Op is not ("Concat" or "Add" or "Sum" or "Mean") || node.Inputs.Count < 2
            || node.Output.Shape is not { IsRanked: true, Rank: 2 or 3 } shape || shape[-1] <= 0)
        {
            return null;
        }

        var parts = node.Inputs.Select(part => Part(part!)).ToArray();
        return parts.Contains(null) ? null : [.. parts.SelectMany(part => part!).DistinctBy(part => part.Layer)];
    }

    // The layers behind one operand; null if it is computed in another way. Each value is searched once, because a sum of sums may reach
    // a value on many ways.
    private IReadOnlyList<HeadLayer>? Part(Value value)
    {
        if (known.TryGetValue(value, out var layers) || depth == MostDepth)
        {
            return layers;
        }

        depth++;
        try
        {
            return known[value] = Search(value);
        }
        catch (FoveaException)
        {
            return known[value] = null;
        }
        finally
        {
            depth--;
        }
    }

    private FoveaException Missing(string reason) => new(
        ErrorCode.BadModelFile,
        $"{network.Name} has no classifier that can be replaced: {reason}. Expected a Gemm, MatMul or 1x1 Conv with constant weights, "
        + "followed only by a softmax, changes of shape, or the mean over the image.");

    private bool IsLinear(Node node) => node.Domain.Length == 0 && node.Op switch
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
    private bool IsSpread(Node node) => node is { Op: "Gemm", Domain: "" } && IsConstant(node[1]) && node[1].Shape is { Rank: 2 } w
        && w[node.Int("transB") == 0 ? 0 : 1] == 1;

    // Dropout is the identity in inference. Softmax, sigmoid, clipping and ReLU are monotonic, so they do not change the order of the
    // classes.
    private static bool CanBeSkipped(Node node) =>
        node.Has(Traits.KeepsOrder) || node.Has(Traits.SameNumbers) || IsMean(node)
        || (node.Op is "Slice" or "Gather" && node[0].Shape.Rank == 2 && node.Output.Shape.Rank == 2);

    /// <summary>Whether the node takes the mean over the image.</summary>
    public static bool IsMean(Node node) =>
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

        return layer.Op != "Conv" || !ClassifierHead.IsAveraged(layer) || weights[2] == 1 && weights[3] == 1 && following.Any(IsMean)
            ? null
            : $"{layer.Name} ({layer.Op}) has weights {weights} and an output of {layer.Output.Shape}";
    }

    // The operand that depends on the image, if the other operand is the same for all images; null otherwise.
    private Value? Scaled(Node node)
    {
        return IsFixed(node[1]) ? node[0] : IsFixed(node[0]) && node.Op != "Div" ? node[1] : null;

        bool IsFixed(Value value) =>
            value.Producer is { } producer ? constants.Contains(producer) : value.Graph.Initializers.ContainsKey(value);
    }

    // Whether the node is a linear layer with as many outputs as inputs, directly after another linear layer. It only calibrates the
    // logits.
    private bool IsCalibration(Node node) => node is { Op: "Gemm" or "MatMul", Domain: "" } && IsConstant(node[1])
        && node[1].Shape is { Rank: 2 } w && w[0] == w[1]
        && (node[0].Producer is { Op: "Add", Domain: "" } add && IsConstant(add[1]) ? add[0].Producer : node[0].Producer) is { } before
        && IsLinear(before);

    // A weight may also be computed from constants, as in the normalised weights of a cosine classifier.
    private bool IsConstant(Value? value) => value is not null
        && (LayerWeights.Leaves(value).Any() || (value.Producer is { } producer && constants.Contains(producer)));
}
