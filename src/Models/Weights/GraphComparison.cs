using System.Globalization;

namespace Fovea.Models;

/// <summary>
/// Whether a foreign graph computes what one of ours does, given that their weights agree in name and shape: a stride or an epsilon is in no
/// weight, and with another one the weights would give wrong answers without a sign.
/// </summary>
internal sealed class GraphComparison
{
    private readonly Func<string, string> canonical;
    private readonly Dictionary<(Value?, Value?), string?> compared = [];

    private GraphComparison(Func<string, string> canonical) => this.canonical = canonical;

    /// <summary>Compares the layers that have weights, then everything on the way from the input to the output. Softmax at the end is no difference: ours ends with logits.</summary>
    /// <exception cref="FoveaException">The graphs differ; the message names the layers, the attributes and both values.</exception>
    public static void Require(Graph ours, Graph theirs, string path, Func<string, string> canonical)
    {
        var comparison = new GraphComparison(canonical);
        var difference = comparison.OfLayers(ours, theirs);
        if (difference is null && theirs.Outputs.Count == 1)
        {
            var output = Essential(theirs.Outputs[0]);
            difference = comparison.Of(ours.Outputs[0], output.Producer is { Op: "Softmax" } softmax ? softmax[0] : output);
        }
        else
        {
            difference ??= $"it has {theirs.Outputs.Count} outputs, expected 1";
        }

        if (difference is not null)
        {
            throw new FoveaException(ErrorCode.BadModelFile, $"{path} has the weights of {ours.Name} by name and shape, but computes something else: {difference}.");
        }
    }

    // One sentence for each kind of difference: a whole network may have another epsilon.
    private string? OfLayers(Graph ours, Graph theirs)
    {
        var users = theirs.Nodes.SelectMany(node => node.Inputs.OfType<Value>().Where(theirs.Initializers.ContainsKey).Select(w => (Name: canonical(w.Name), node))).ToLookup(u => u.Name, u => u.node);
        var differences = from node in ours.Nodes
                          where node.Inputs.Count > 1 && node.Inputs[1] is { Shape.Rank: > 0 } weight && ours.Initializers.ContainsKey(weight)
                          from their in users[canonical(node[1].Name)].Take(1)
                          from fact in Facts(node, node).Zip(Facts(their, node))
                          where fact.First.Name == fact.Second.Name && fact.First.Value != fact.Second.Value
                          group $"{their.Op} {their.Name} has {fact.First.Name} {fact.Second.Value}, expected {fact.First.Value}" by (node.Op, fact.First.Name) into kind
                          select kind.First() + (kind.Count() > 1 ? $" (and {kind.Count() - 1} more like it)" : "");
        var all = differences.ToArray();
        return all.Length > 0 ? string.Join("; ", all) : null;
    }

    // The first difference on the way from these two values back to the input; null where there is none.
    private string? Of(Value? our, Value? their)
    {
        if (our is null || their is null)
        {
            return our == their ? null : "a layer has an input that the other lacks";
        }

        (our, their) = (Essential(our), Essential(their));
        if (!compared.TryGetValue((our, their), out var difference))
        {
            compared[(our, their)] = difference = (our.Producer, their.Producer) switch
            {
                (null, null) => our.Graph.Inputs.Contains(our) == their.Graph.Inputs.Contains(their) && (our.Graph.Inputs.Contains(our) || canonical(our.Name) == canonical(their.Name)) ? null : $"{their.Name} stands where {our.Name} was expected",
                ({ } node, { } other) => OfNodes(node, other),
                _ => $"{their.Producer?.Op ?? their.Name} stands where {our.Producer?.Op ?? our.Name} was expected",
            };
        }

        return difference;
    }

    private string? OfNodes(Node our, Node their)
    {
        foreach (var (ours, theirs) in Facts(our, our).Zip(Facts(their, our)))
        {
            if (ours.Value != theirs.Value)
            {
                return $"{their.Op} {their.Name} has {ours.Name} {theirs.Value}, expected {ours.Value} as in {our.Op} {our.Name}";
            }
        }

        // The shape that Reshape takes is no value of the network.
        int count = our.Op == "Flatten" ? 1 : Math.Max(our.Inputs.Count, their.Inputs.Count);
        string? Inputs(bool swapped) => Enumerable.Range(0, count)
            .Select(i => Of(our.Inputs.ElementAtOrDefault(i), their.Inputs.ElementAtOrDefault(swapped ? count - 1 - i : i)))
            .FirstOrDefault(difference => difference is not null);

        var difference = Inputs(swapped: false);
        return difference is not null && our.Op == "Add" && Inputs(swapped: true) is null ? null : difference;
    }

    // What a node does besides its inputs, in words that are equal where it does the same; sizes are those of our graph.
    private static IEnumerable<(string Name, string Value)> Facts(Node node, Node our)
    {
        yield return ("operator", Operator(node, our));
        switch (Operator(node, our))
        {
            case "Conv":
                foreach (var fact in Walk(Window.Of(node)))
                {
                    yield return fact;
                }

                yield return ("group", Text(node.Int("group", 1)));
                break;
            case "MaxPool" or "AveragePool":
                var window = Window.Of(node);
                bool ceil = node.Int("ceil_mode") != 0;
                foreach (var fact in Walk(window))
                {
                    yield return fact;
                }

                yield return ("output sides", List([.. Enumerable.Range(0, 2).Select(axis => window.Steps(axis, our[0].Shape.Rank == 4 ? our[0].Shape[axis + 2] : Shape.Free, ceil))]));
                yield return ("count_include_pad", Text(node.Op == "AveragePool" && window.Before.Concat(window.After).Any(pad => pad > 0) ? node.Int("count_include_pad") : 0));
                break;
            case "BatchNormalization":
                yield return ("epsilon", Text(node.Float("epsilon", 1e-5f)));
                yield return ("training_mode", Text(node.Int("training_mode")));
                break;
            case "LRN":
                yield return ("size", Text(node.Int("size")));
                yield return ("alpha", Text(node.Float("alpha", 1e-4f)));
                yield return ("beta", Text(node.Float("beta", 0.75f)));
                yield return ("bias", Text(node.Float("bias", 1)));
                break;
            case "Gemm":
                yield return ("alpha", Text(node.Float("alpha", 1)));
                yield return ("beta", Text(node.Float("beta", 1)));
                yield return ("transA", Text(node.Int("transA")));
                yield return ("transB", Text(node.Int("transB")));
                break;
            case "Concat":
                yield return ("axis", Text(node.Int("axis")));
                break;
        }
    }

    private static (string, string)[] Walk(Window window) =>
        [("kernel_shape", List(window.Kernel)), ("strides", List(window.Strides)), ("pads", List([.. window.Before, .. window.After])), ("dilations", List(window.Dilations))];

    // A mean over everything may be written as a pool, and flattening as a reshape.
    private static string Operator(Node node, Node our) => node.Op switch
    {
        "AveragePool" when our.Op == "GlobalAveragePool" && Window.Of(node) is { Before: [0, 0], After: [0, 0], Dilations: [1, 1] } window && window.Kernel.AsSpan().SequenceEqual(our[0].Shape.Dimensions.AsSpan()[2..]) => our.Op,
        "Reshape" when our.Op == "Flatten" => our.Op,
        "Flatten" when node.Int("axis", 1) != 1 => $"Flatten from axis {node.Int("axis", 1)}",
        _ => node.Op,
    };

    // Behind what changes nothing when a network serves: dropout, and a mean over one pixel.
    private static Value Essential(Value value)
    {
        while (value.Producer is { Op: "Dropout" or "Identity" } or { Op: "AveragePool" } && IsIdentity(value.Producer))
        {
            value = value.Producer[0];
        }

        return value;
    }

    private static bool IsIdentity(Node node) => node.Op != "AveragePool" || Window.Of(node) is { Kernel: [1, 1], Strides: [1, 1], Before: [0, 0], After: [0, 0] };

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Text(float value) => value.ToString(CultureInfo.InvariantCulture);

    private static string List(int[] values) => $"[{string.Join(", ", values)}]";
}
