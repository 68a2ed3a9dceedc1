using System.Globalization;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;

namespace Fovea.Models.Weights;

/// <summary>
/// Checks that an imported graph ("theirs") computes the same function as a catalog network ("ours"), after their weights were found to
/// agree in name and shape. Strides, paddings and epsilons are not weights, but with other values the imported weights would give wrong
/// answers without an error.
/// </summary>
internal sealed class GraphComparison
{
    private readonly Func<string, string> canonical;
    private readonly Dictionary<(Value?, Value?), string?> compared = [];

    private GraphComparison(Func<string, string> canonical) => this.canonical = canonical;

    /// <summary>
    /// Compares the layers that have weights, then all nodes between the input and the output. A softmax at the end of the imported graph
    /// is ignored, since the catalog network ends with the logits.
    /// </summary>
    /// <param name="ours">The catalog network.</param>
    /// <param name="theirs">The imported graph.</param>
    /// <param name="path">The path of the imported file, for the message.</param>
    /// <param name="canonical">Converts a weight's name in either graph to the form in which the names of both graphs are compared.</param>
    /// <exception cref="FoveaException">The graphs differ. The message names the layers, the attributes and both values.</exception>
    public static void Require(Graph ours, Graph theirs, string path, Func<string, string> canonical)
    {
        var comparison = new GraphComparison(canonical);
        var difference = comparison.CompareLayers(ours, theirs);
        if (difference is null && theirs.Outputs.Count == 1)
        {
            var output = SkipIdentities(theirs.Outputs[0]);
            difference = comparison.Compare(ours.Outputs[0], output.Producer is { Op: "Softmax" } softmax ? softmax[0] : output);
        }
        else
        {
            difference ??= $"the file has {theirs.Outputs.Count} outputs, expected 1";
        }

        if (difference is not null)
        {
            throw new FoveaException(
                ErrorCode.BadModelFile,
                $"{path} has the weights of {ours.Name} by name and shape, but computes something else: {difference}.");
        }
    }

    // Returns one clause for each kind of difference. If several layers differ in the same attribute, the clause names the first layer and
    // counts the others. Null if there is no difference.
    private string? CompareLayers(Graph ours, Graph theirs)
    {
        var readers = theirs.Nodes
            .SelectMany(node => node.Inputs.OfType<Value>(), (node, input) => (Node: node, Input: input))
            .Where(reader => theirs.Initializers.ContainsKey(reader.Input))
            .ToLookup(reader => canonical(reader.Input.Name), reader => reader.Node);
        var differences =
            from node in ours.Nodes
            where node.Inputs.Count > 1 && node.Inputs[1] is { Shape.Rank: > 0 } weight && ours.Initializers.ContainsKey(weight)
            from their in readers[canonical(node[1].Name)].Take(1)
            from property in Properties(node, node).Zip(Properties(their, node))
            let name = property.First.Name
            where name == property.Second.Name && property.First.Value != property.Second.Value
            let clause = $"{their.Op} {their.Name} has {name} {property.Second.Value}, expected {property.First.Value}"
            group clause by (node.Op, name) into kind
            select kind.First() + (kind.Count() > 1 ? $" (and {kind.Count() - 1} other layers)" : "");
        var all = differences.ToArray();
        return all.Length > 0 ? string.Join("; ", all) : null;
    }

    // The first difference on the paths from these two values back to the inputs; null if there is none. The result of each pair is stored,
    // since branches that join again would otherwise be compared once per path.
    private string? Compare(Value? our, Value? their)
    {
        if (our is null || their is null)
        {
            return our == their ? null : "a layer has another number of inputs than in the catalog network";
        }

        (our, their) = (SkipIdentities(our), SkipIdentities(their));
        if (!compared.TryGetValue((our, their), out var difference))
        {
            compared[(our, their)] = difference = (our.Producer, their.Producer) switch
            {
                (null, null) => IsSame(our, their) ? null : $"a layer reads {their.Name}, expected {our.Name}",
                ({ } node, { } other) => CompareNodes(node, other),
                _ => $"a layer reads {their.Producer?.Op ?? their.Name}, expected {our.Producer?.Op ?? our.Name}",
            };
        }

        return difference;
    }

    // Whether both values are inputs, or both are weights with the same name.
    private bool IsSame(Value our, Value their)
    {
        bool isInput = our.Graph.Inputs.Contains(our);
        return isInput == their.Graph.Inputs.Contains(their) && (isInput || canonical(our.Name) == canonical(their.Name));
    }

    private string? CompareNodes(Node our, Node their)
    {
        foreach (var (ours, theirs) in Properties(our, our).Zip(Properties(their, our)))
        {
            if (ours.Value != theirs.Value)
            {
                return $"{their.Op} {their.Name} has {ours.Name} {theirs.Value}, expected {ours.Value} as in {our.Op} {our.Name}";
            }
        }

        // Flatten has one input. The imported graph may have a Reshape instead, whose second input is the shape.
        int count = our.Op == "Flatten" ? 1 : Math.Max(our.Inputs.Count, their.Inputs.Count);
        var difference = CompareInputs(swapped: false);
        return difference is not null && our.Op == "Add" && CompareInputs(swapped: true) is null ? null : difference;

        string? CompareInputs(bool swapped) => Enumerable.Range(0, count)
            .Select(i => Compare(our.Inputs.ElementAtOrDefault(i), their.Inputs.ElementAtOrDefault(swapped ? count - 1 - i : i)))
            .FirstOrDefault(difference => difference is not null);
    }

    // The operator of a node, and the attributes that change its result, with default values for missing attributes. Sizes are computed
    // from the input of the catalog network's node. The operator comes first, so that the comparison stops before it reads the attributes
    // of a different operator.
    private static IEnumerable<(string Name, string Value)> Properties(Node node, Node our)
    {
        var op = Operator(node, our);
        yield return ("operator", op);
        foreach (var attribute in Attributes(op, node, our))
        {
            yield return attribute;
        }
    }

    private static (string Name, string Value)[] Attributes(string op, Node node, Node our) => op switch
    {
        "Conv" => [.. WindowProperties(Window.Of(node)), ("group", Text(node.Int("group", 1)))],
        "MaxPool" or "AveragePool" => PoolProperties(node, Window.Of(node), our[0].Shape),
        _ => [.. (OperatorTable.Named(op)?.Attributes ?? []).Select(attribute => (attribute.Name, Text(node, attribute)))],
    };

    private static string Text(Node node, (string Name, object Default) attribute) => attribute.Default is float number
        ? Text(node.Float(attribute.Name, number))
        : Text(node.Int(attribute.Name, (long)attribute.Default));

    // Instead of ceil_mode, the size of the output is compared. count_include_pad is compared only if there is padding.
    private static (string Name, string Value)[] PoolProperties(Node node, Window window, Shape x)
    {
        bool ceil = node.Int("ceil_mode") != 0;
        int[] sides = [.. Enumerable.Range(0, 2).Select(axis => window.Steps(axis, x.Rank == 4 ? x[axis + 2] : Shape.Free, ceil))];
        bool isPadded = window.Before.Concat(window.After).Any(pad => pad > 0);
        long countsPadding = node.Op == "AveragePool" && isPadded ? node.Int("count_include_pad") : 0;
        return [.. WindowProperties(window), ("output sides", List(sides)), ("count_include_pad", Text(countsPadding))];
    }

    private static (string, string)[] WindowProperties(Window window) =>
    [
        ("kernel_shape", List(window.Kernel)),
        ("strides", List(window.Strides)),
        ("pads", List([.. window.Before, .. window.After])),
        ("dilations", List(window.Dilations)),
    ];

    // The name of a node's operator. An AveragePool over the whole image counts as GlobalAveragePool, and a Reshape may replace Flatten.
    private static string Operator(Node node, Node our) => node.Op switch
    {
        "AveragePool" when our.Op == "GlobalAveragePool" && CoversWholeImage(Window.Of(node), our[0].Shape) => our.Op,
        "Reshape" when our.Op == "Flatten" => our.Op,
        "Flatten" when node.Int("axis", 1) != 1 => $"Flatten from axis {node.Int("axis", 1)}",
        _ => node.Op,
    };

    private static bool CoversWholeImage(Window window, Shape image) =>
        window is { Before: [0, 0], After: [0, 0], Dilations: [1, 1] }
        && window.Kernel.AsSpan().SequenceEqual(image.Dimensions.AsSpan()[2..]);

    // Goes back from a value past nodes that do not change it in inference: Dropout, Identity, and an average over one pixel.
    private static Value SkipIdentities(Value value)
    {
        while (value.Producer is { Op: "Dropout" or "Identity" } or { Op: "AveragePool" } && IsIdentity(value.Producer))
        {
            value = value.Producer[0];
        }

        return value;
    }

    private static bool IsIdentity(Node node) =>
        node.Op != "AveragePool" || Window.Of(node) is { Kernel: [1, 1], Strides: [1, 1], Before: [0, 0], After: [0, 0] };

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Text(float value) => value.ToString(CultureInfo.InvariantCulture);

    private static string List(int[] values) => $"[{string.Join(", ", values)}]";
}
