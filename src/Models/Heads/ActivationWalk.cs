using Fovea.Models.Errors;
using Fovea.Models.Graphs;

namespace Fovea.Models.Heads;

/// <summary>One search from the output of a graph back to its activation. Each value is visited once.</summary>
internal sealed class ActivationWalk
{
    private static readonly string[] Views = ["Reshape", "Squeeze", "Unsqueeze", "Flatten", "Identity", "Cast", "Transpose", "Dropout"];

    // Operators that round an activation's outputs or select some of its classes.
    private static readonly string[] Approximations = ["QuantizeLinear", "DequantizeLinear", "Clip", "Round", "Slice", "Gather", "Split"];

    private readonly Dictionary<Value, ActivationReader?> known = [];

    /// <summary>Finds the activation that computes a value; <c>null</c> if there is none.</summary>
    /// <exception cref="FoveaException">A softmax runs over another axis than the axis of the classes.</exception>
    public ActivationReader? Read(Value value)
    {
        if (value.Producer is not { } node || known.ContainsKey(value))
        {
            return known.GetValueOrDefault(value);
        }

        return known[value] = Read(node);
    }

    private ActivationReader? Read(Node node)
    {
        if (Activation(node) is { } found)
        {
            return found.Kind == FinalActivation.Softmax && node.Op == "Softmax" && !IsOverClasses(node)
                ? throw new FoveaException(
                    ErrorCode.BadModelFile,
                    $"the softmax {node.Name} runs over axis {node.Int("axis", -1)} of {node[0].Shape}; expected the axis "
                    + "of the classes.")
                : found with { Node = node };
        }

        if (node.Domain.Length > 0)
        {
            return null;
        }

        return node.Op switch
        {
            _ when Views.Contains(node.Op) => Read(node[0]),
            _ when Approximations.Contains(node.Op) => Inexact(Read(node[0])),
            "Neg" => Read(node[0]) is { } negated ? negated with { Total = -negated.Total } : null,
            "Mul" or "Div" => Scaled(node),
            "Add" or "Sum" => Mixed(node.Inputs, 1),
            "Mean" => Mixed(node.Inputs, 1f / node.Inputs.Count),
            "ReduceMean" or "ReduceSum" => OverStack(node),
            "Concat" => Joined(node),
            _ => null,
        };
    }

    private ActivationReader? Activation(Node node) => (node.Domain, node.Op) switch
    {
        ("", "Softmax") => Exact(FinalActivation.Softmax, node[0]),
        ("", "LogSoftmax") => Exact(FinalActivation.LogSoftmax, node[0]),
        ("", "Sigmoid") => Exact(FinalActivation.Sigmoid, node[0]),
        ("", "HardSigmoid") or ("com.microsoft", "QLinearSigmoid") => new(FinalActivation.Sigmoid, Source: node[0]),
        ("com.microsoft", "QLinearSoftmax") => new(FinalActivation.Softmax, Source: node[0]),
        ("", "Exp") when node[0].Producer is { } log && Activation(log) is { Kind: FinalActivation.LogSoftmax } inner =>
            inner with { Kind = FinalActivation.Softmax },
        ("", "Log") when ActivationForms.WithoutEpsilon(node[0]).Producer is { } share
            && Activation(share) is { Kind: FinalActivation.Softmax } inner => inner with { Kind = FinalActivation.LogSoftmax },
        ("", _) when ActivationForms.SharedParts(node) is { } parts => Shares(parts),
        ("", _) when ActivationForms.LogSoftmaxOf(node) is { } x => Exact(FinalActivation.LogSoftmax, x),
        ("", _) when ActivationForms.SigmoidOf(node) is { } x => Exact(FinalActivation.Sigmoid, x),
        ("", _) when ActivationForms.SigmoidByTanh(node) is { } tanh =>
            new(FinalActivation.Sigmoid, Source: tanh.X, Logits: tanh.Z, Total: tanh.Total),
        _ => null,
    };

    private static ActivationReader Exact(FinalActivation kind, Value x) => new(kind, Source: x, Logits: x);

    private static ActivationReader? Inexact(ActivationReader? read) => read is null ? null : read with { Logits = null };

    // Numbers divided by their sum. Exponentials divided by their sum are a softmax; probabilities divided by their sum stay probabilities,
    // and so do all numbers that are never negative.
    private ActivationReader? Shares(Value parts) =>
        ActivationForms.ExponentOf(parts) is { } x ? Exact(FinalActivation.Softmax, x)
        : Read(parts) is { Kind: FinalActivation.Softmax or FinalActivation.Sigmoid } read
            ? read with { Kind = FinalActivation.Softmax, Total = 1, Logits = read.Kind == FinalActivation.Softmax ? read.Logits : null }
        : NonNegative.Is(parts) ? new(FinalActivation.Softmax, Source: parts)
        : null;

    private ActivationReader? Scaled(Node node)
    {
        bool isFirst = ActivationForms.Number(node[1]) is not null;
        if ((isFirst ? ActivationForms.Number(node[1]) : node.Op == "Mul" ? ActivationForms.Number(node[0]) : null) is not { } number
            || Read(node[isFirst ? 0 : 1]) is not { } read)
        {
            return null;
        }

        return read with { Total = node.Op == "Mul" ? read.Total * number : read.Total / number };
    }

    // The activation of a sum of scores, times a weight, if all scores have the same kind of activation.
    private ActivationReader? Mixed(IReadOnlyList<Value?> parts, float weight)
    {
        ActivationReader?[] all = [.. parts.Select(part => part is null ? null : Read(part))];
        return all is [{ } first, _, ..] && all.All(read => read?.Kind == first.Kind && read.Total > 0)
            ? new(first.Kind, first.Node, Total: first.Kind == FinalActivation.LogSoftmax ? 1 : all.Sum(read => read!.Total) * weight)
            : null;
    }

    // The mean or sum over an axis along which a Concat stacks the scores of several networks.
    private ActivationReader? OverStack(Node node) =>
        node.Given("axes", 1) is [var axis] && node[0].Producer is { Op: "Concat", Domain: "" } stack
        && Positive(axis, node[0].Shape.Rank) == Positive(stack.Int32("axis"), node[0].Shape.Rank)
        && stack.Inputs.All(part => part!.Shape.IsRanked && part.Shape[axis] == 1)
            ? Mixed(stack.Inputs, node.Op == "ReduceMean" ? 1f / stack.Inputs.Count : 1)
            : null;

    // A Concat of scores along the classes: the sigmoids of separate layers, slices of one softmax, or p and 1 - p in any order.
    private ActivationReader? Joined(Node node)
    {
        if (node.Inputs is [{ } left, { } right]
            && (ActivationForms.ComplementOf(left) == right ? right : ActivationForms.ComplementOf(right) == left ? left : null)
                is { } p
            && Read(p) is { Kind: FinalActivation.Sigmoid, Total: 1 } one)
        {
            return new(FinalActivation.Softmax, node, one.Source);
        }

        ActivationReader?[] all = [.. node.Inputs.Select(part => part is null ? null : Read(part))];
        return all is [{ } first, ..] && all.All(read => read?.Kind == first.Kind && read.Total == first.Total)
            && (first.Kind == FinalActivation.Sigmoid || all.All(read => read!.Node == first.Node))
                ? first with { Logits = null, Source = all.All(read => read!.Node == first.Node) ? first.Source : null }
                : null;
    }

    // Whether a softmax runs over the classes: the only axis, apart from the batch, that is longer than 1.
    private static bool IsOverClasses(Node node)
    {
        var x = node[0].Shape;
        if (!x.IsRanked || x.Rank < 2)
        {
            return true;
        }

        int at = Positive(node.Int32("axis", -1), x.Rank);
        return (at > 0 || x[0] > 1)
            && x.Dimensions.Index().All(d => d.Index == at || (d.Index == 0 && at > 0) || d.Item is 1 or Shape.Free);
    }

    private static int Positive(int axis, int rank) => axis < 0 ? axis + rank : axis;
}
