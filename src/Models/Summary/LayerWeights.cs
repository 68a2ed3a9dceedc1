namespace Fovea.Models;

/// <summary>Which numbers of a graph are a layer's weights, however its exporter wrote them down.</summary>
internal static class LayerWeights
{
    /// <summary>The nodes that depend on no input's elements: constants, copies of weights, and shapes computed from shapes.</summary>
    public static HashSet<Node> Aside(Graph graph)
    {
        var aside = new HashSet<Node>();
        foreach (var node in graph.Nodes.Where(node => node.Op is "Constant" or "Shape" || node.Inputs.Count > 0 && node.Inputs.All(input => IsAside(input, aside))))
        {
            aside.Add(node);
        }

        return aside;
    }

    /// <summary>The weights that a row's nodes read, and whether an optimizer moves them: the running mean and variance of BatchNormalization are inputs 3 and 4.</summary>
    public static IEnumerable<(Value Value, bool Trainable)> Of(LayerRow row) =>
        from node in row.Nodes
        where node.Op is not ("Resize" or "Upsample" or "Pad")
        from input in node.Inputs.Index()
        where input.Item is not null
        from weight in Leaves(input.Item)
        where weight is { Type: ElementType.Float or ElementType.Float16 or ElementType.Double, Shape: { Rank: > 0, IsKnown: true } }
        select (weight, node.Op != "BatchNormalization" || input.Index < 3);

    /// <summary>
    /// The constants that a value is made of, if nothing else goes into it. Exporters write equal weights of different layers once, and copy them
    /// with Identity: the copy is a weight of its own.
    /// </summary>
    public static IEnumerable<Value> Leaves(Value value) => value.Producer switch
    {
        null => value.Graph.Initializers.ContainsKey(value) ? [value] : [],
        { Op: "Constant" } => [value],
        { Op: "Identity" } copy when copy[0].Graph.Initializers.ContainsKey(copy[0]) => [value],
        { Op: "Shape" } => [],
        { Op: "Identity" or "Transpose" or "Reshape" or "Unsqueeze" or "Squeeze" or "Cast" or "Expand" or "Flatten" } view when view.Inputs.Count > 0 => Leaves(view[0]),
        _ => [],
    };

    private static bool IsAside(Value? value, HashSet<Node> aside) =>
        value is null || (value.Producer is { } producer ? aside.Contains(producer) : value.Graph.Initializers.ContainsKey(value));
}
