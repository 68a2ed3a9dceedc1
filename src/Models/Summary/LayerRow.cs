using Fovea.Models.Graphs;

namespace Fovea.Models.Summary;

/// <summary>One row of a summary: a layer with its activation, or a block of layers.</summary>
/// <param name="Name">The name of the layer or of the block.</param>
/// <param name="Nodes">The row's nodes, in the order in which they run.</param>
internal sealed record LayerRow(string Name, List<Node> Nodes)
{
    /// <summary>The output shape of the row: the shape of its last node's first output.</summary>
    public Shape Output => Nodes[^1].Outputs is [var output, ..] ? output.Shape : Shape.Unknown;

    /// <summary>
    /// The layer's type, such as Conv2D. Activations and batch normalisation are ignored if the row has another layer. A block whose last
    /// layer is Concat is an Inception block, and a block whose last layer is Add is a Residual block.
    /// </summary>
    public string Type => Layers switch
    {
        [] => LayerName(Nodes[0]),
        [var layer] => LayerName(layer),
        [.., { Op: "Concat" }] => "Inception",
        [.., { Op: "Add" }] => "Residual",
        _ => "Block",
    };

    /// <summary>The kind of the row's layer; <see cref="LayerKind.Block"/> for a block of layers.</summary>
    public LayerKind Kind => Layers switch
    {
        [] => KindOf(Nodes[0]),
        [var layer] => KindOf(layer),
        _ => LayerKind.Block,
    };

    // The nodes from which the row gets its type: all nodes except activations and batch normalisation.
    private Node[] Layers => [.. Nodes.Where(node => !node.Has(Traits.JoinsLayer) && !node.Has(Traits.Secondary))];

    /// <summary>The window of the row's only convolution or pool; <c>null</c> if the row has none or several.</summary>
    public Window? Window => Nodes.Where(ReceptiveField.HasWindow).ToArray() is [var layer] ? Graphs.Window.Of(layer) : null;

    /// <summary>
    /// Groups a graph's nodes into rows of the summary table. Nodes that depend only on weights and shapes, which exporters add, are in no
    /// row; the weights that such nodes read belong to the rows that use the results.
    /// </summary>
    /// <param name="graph">The graph.</param>
    /// <param name="blocks">
    /// With <c>true</c>, the first part of a node's path is the name of its row: <c>inception_3a/1x1/relu</c> is in the row inception_3a.
    /// With <c>false</c>, each node has its own row, except that an activation is in the row of the node before it if no other node reads
    /// that node's output.
    /// </param>
    public static IReadOnlyList<LayerRow> Of(Graph graph, bool blocks)
    {
        var readers = graph.Nodes.SelectMany(node => node.Inputs).OfType<Value>().Concat(graph.Outputs)
            .CountBy(value => value).ToDictionary();
        var rows = new List<LayerRow>();
        var byName = new Dictionary<string, LayerRow>();
        var byNode = new Dictionary<Node, LayerRow>();
        var constant = LayerWeights.InputIndependent(graph);
        foreach (var node in graph.Nodes.Where(node => !constant.Contains(node)))
        {
            var name = blocks ? node.Name.Split('/')[0] : node.Name;
            bool isActivation = node.Has(Traits.JoinsLayer);
            var row = blocks ? byName.GetValueOrDefault(name)
                : isActivation && node.Inputs is [{ Producer: { } layer } x, ..] && readers[x] == 1 ? byNode.GetValueOrDefault(layer)
                : null;
            if (row is null)
            {
                rows.Add(row = new(name, []));
                byName[name] = row;
            }

            row.Nodes.Add(node);
            byNode[node] = row;
        }

        return rows;
    }

    /// <summary>
    /// The number of output elements of the row's layers for one image; <c>null</c> if a shape is unknown. An activation overwrites its
    /// layer's output, so it is not counted again.
    /// </summary>
    public long? ActivationCount() => Nodes
        .Where((node, i) => i == 0 || !node.Has(Traits.JoinsLayer) || node.Inputs[0]?.Producer != Nodes[i - 1])
        .Aggregate((long?)0, (sum, node) => sum + (node.Has(Traits.SameElements) ? 0 : node.Output.Shape.KnownSize(from: 1)));

    /// <summary>
    /// The multiply-adds of the row's convolutions and matrix products for one image; <c>null</c> if a shape is unknown.
    /// </summary>
    public long? MultiplyAdds() => Nodes.Aggregate(
        (long?)0, (sum, node) => sum + (OperatorTable.Find(node)?.MultiplyAdds is { } count ? count(node) : 0));

    private static LayerKind KindOf(Node node) => OperatorTable.Named(node.Op)?.Kind ?? LayerKind.Other;

    private static string LayerName(Node node) => OperatorTable.Named(node.Op) switch
    {
        null => node.Op,
        { DepthwiseName: { } name } when IsDepthwise(node) => name,
        { WeightedName: { } name } when node.Inputs is [_, { } w] && LayerWeights.Leaves(w).Any() => name,
        var row => row.LayerName,
    };

    // Whether each channel is convolved separately: the number of groups is the number of input channels.
    private static bool IsDepthwise(Node node) =>
        node.Int("group", 1) is > 1 and var group && node[0].Shape is { Rank: > 1 } x && x[1] == group;
}
