using Fovea.Models.Graphs;

namespace Fovea.Models.Summary;

/// <summary>
/// Finds the weights of layers. Exporters write a weight as an initializer, as a Constant node, or as a copy or transposition of one of
/// these.
/// </summary>
internal static class LayerWeights
{
    /// <summary>
    /// The nodes whose outputs do not depend on the elements of any input of the graph: constants, copies of weights, and shapes computed
    /// from shapes.
    /// </summary>
    public static HashSet<Node> InputIndependent(Graph graph)
    {
        // The list of nodes is in the order in which they run, so a node's inputs are classified before the node.
        var independent = new HashSet<Node>();
        foreach (var node in graph.Nodes)
        {
            if (node.Op is "Constant" or "Shape" || node.Inputs.Count > 0 && node.Inputs.All(input => IsIndependent(input, independent)))
            {
                independent.Add(node);
            }
        }

        return independent;
    }

    /// <summary>
    /// The weights that a row's nodes read, and whether training changes them. Inputs 3 and 4 of BatchNormalization, the running mean and
    /// variance, are not trainable.
    /// </summary>
    public static IEnumerable<(Value Value, bool Trainable)> Of(LayerRow row) =>
        from node in row.Nodes
        where !node.Has(Traits.HasSettings)
        from input in node.Inputs.Index()
        where input.Item is not null
        from weight in Leaves(input.Item)
        where IsWeight(weight) || IsQuantizedBias(input.Item, weight)
        select (weight, node.Op != "BatchNormalization" || input.Index < 3);

    /// <summary>
    /// The constant from which a value is computed by transpositions and changes of shape or type; empty if there is none. If several
    /// layers have equal weights, exporters write one initializer and copy it with Identity nodes. Such a copy counts as a weight, so the
    /// copy is returned.
    /// </summary>
    public static IEnumerable<Value> Leaves(Value value) => value.Producer switch
    {
        null => value.Graph.Initializers.ContainsKey(value) ? [value] : [],
        { Op: "Constant" } => [value],
        { Op: "Identity" } copy when copy[0].Graph.Initializers.ContainsKey(copy[0]) => [value],
        { Op: "Shape" } => [],
        { Inputs.Count: > 0 } view when view.Has(Traits.WeightForm) => Leaves(view[0]),
        _ => [],
    };

    private static bool IsQuantizedBias(Value input, Value weight) =>
        input.Producer is { Op: "DequantizeLinear" } && weight.Type == ElementType.Int32 && weight.Shape.Rank > 0;

    private static bool IsWeight(Value value) =>
        value.Type is ElementType.Float or ElementType.Float16 or ElementType.Double or ElementType.Int8 or ElementType.UInt8
        && value.Shape is { Rank: > 0, IsKnown: true };

    private static bool IsIndependent(Value? value, HashSet<Node> independent) =>
        value is null || (value.Producer is { } producer ? independent.Contains(producer) : value.Graph.Initializers.ContainsKey(value));
}
