using Fovea.Models.Errors;

namespace Fovea.Models.Graphs;

/// <summary>
/// Converts a graph of another ONNX operator set to the set that Fovea writes, <see cref="Graph.Opset"/>. The converted graph computes the
/// same outputs. Gradient rules therefore support one set only.
/// </summary>
public sealed class OpsetConversion
{
    private const int Oldest = 3, Newest = 24;

    private readonly HashSet<Value> weights;

    private OpsetConversion(Graph source, Graph target)
    {
        (Target, Set) = (target, source.OperatorSets[""]);
        weights = [.. source.Nodes.Where(node => node.Has(Traits.Weighted)).SelectMany(node => node.Inputs.OfType<Value>())];
    }

    /// <summary>The converted graph.</summary>
    internal Graph Target { get; }

    /// <summary>The operator set of the source.</summary>
    internal long Set { get; }

    /// <summary>
    /// Returns a copy of the network in operator set 17, with the same names, metadata and operators of other domains.
    /// </summary>
    /// <exception cref="FoveaException">
    /// The graph's set is not 3 to 24, or a node cannot be expressed in set 17. The message names the node.
    /// </exception>
    public static Graph Convert(Graph graph)
    {
        if (!graph.OperatorSets.TryGetValue("", out long set) || set is < Oldest or > Newest)
        {
            throw new FoveaException(
                ErrorCode.BadModelFile,
                $"{graph.Name} uses operator set {set}; expected {Oldest} to {Newest}. Export the model again with one of these sets.");
        }

        var converted = graph.EmptyCopy();
        converted.OperatorSets[""] = Graph.Opset;
        var replaced = graph.Inputs.ToDictionary(input => input, input => converted.Input(input.Name, input.Type, input.Shape));
        graph.CopyTo(converted, replaced, new OpsetConversion(graph, converted).Rewrite);
        foreach (var output in graph.Outputs)
        {
            converted.Output(replaced[output]);
        }

        return converted;
    }

    /// <summary>
    /// Adds a node with the name, outputs and attributes of a source node, except for the differences in the other arguments.
    /// </summary>
    /// <param name="node">The node of the source.</param>
    /// <param name="inputs">The inputs in the converted graph.</param>
    /// <param name="op">The operator; <c>null</c> for the source node's operator.</param>
    /// <param name="without">Attributes that are left out.</param>
    /// <param name="with">Attributes that are added.</param>
    internal IReadOnlyList<Value> Add(
        Node node, Value?[] inputs, string? op = null, string[]? without = null, params (string Name, object Value)[] with) =>
        Add(node, inputs, node.Outputs.Count, op, without, with);

    /// <summary>Adds a node that has only the first outputs of the source node.</summary>
    internal IReadOnlyList<Value> Add(
        Node node, Value?[] inputs, int outputs, string? op = null, string[]? without = null, params (string Name, object Value)[] with)
    {
        string[] names = [.. node.Outputs.Take(outputs).Select(output => output.Name)];
        var kept = node.Attributes.Where(attribute => without?.Contains(attribute.Key) != true)
            .Select(attribute => (attribute.Key, attribute.Value));
        return Target.Add(op ?? node.Op, inputs, [.. kept, .. with], node.Name, outputs: names).Outputs;
    }

    /// <summary>
    /// Adds the initializer that replaces a Constant node's output; <c>null</c> if no layer reads the output as a weight.
    /// </summary>
    internal Value? Weight(Value output) =>
        weights.Contains(output) && output.Constant is { } weight ? Target.Initializer(output.Name, weight) : null;

    /// <summary>Creates the exception for a node that cannot be expressed in set 17.</summary>
    internal FoveaException Unsupported(Node node, string reason) => new(
        ErrorCode.BadModelFile,
        $"Node {node.Name} ({node.Op}) of operator set {Set} {reason}, so it cannot be converted to set {Graph.Opset}. "
        + $"Export the model again with operator set {Graph.Opset}.");

    // Adds the set-17 form of a node and returns its outputs; null if the node is the same in set 17.
    private IReadOnlyList<Value>? Rewrite(Node node, Value?[] inputs)
    {
        if (OperatorTable.Convertible(node) is not { } row)
        {
            return node.Domain.Length > 0 || Set == Graph.Opset ? null : throw Unsupported(node, "has no known conversion");
        }

        foreach (var form in row.OtherForms.Where(form => form.First <= Set && Set <= form.Last))
        {
            if (form.Convert(this, node, inputs) is { } converted)
            {
                return converted;
            }
        }

        bool isKnown = Set == Graph.Opset || row.Shape is not null || row.Traits.HasFlag(Traits.SameInAllSets);
        return Set < 6 && node.Attributes.ContainsKey(OlderForms.Consumed) ? Add(node, inputs, without: [OlderForms.Consumed])
            : isKnown ? null
            : throw Unsupported(node, "has no known conversion");
    }
}
