using System.Collections.Frozen;

namespace Fovea.Models;

/// <summary>The nodes that one row of a summary stands for, in the order in which they run.</summary>
internal sealed record LayerRow(string Name, List<Node> Nodes)
{
    private static readonly FrozenSet<string> Activations = FrozenSet.Create(
        "Relu", "LeakyRelu", "PRelu", "Elu", "Selu", "Celu", "Gelu", "Mish", "Sigmoid", "HardSigmoid", "HardSwish", "Tanh", "Softplus", "Softsign", "Clip");

    private static readonly FrozenDictionary<string, string> Words = new Dictionary<string, string>
    {
        ["Conv"] = "Conv2D",
        ["ConvTranspose"] = "Conv2DTranspose",
        ["AveragePool"] = "AveragePooling2D",
        ["MaxPool"] = "MaxPooling2D",
        ["GlobalAveragePool"] = "GlobalAveragePooling2D",
        ["GlobalMaxPool"] = "GlobalMaxPooling2D",
        ["Gemm"] = "Dense",
        ["LRN"] = "LocalResponseNormalization",
        ["Concat"] = "Concatenate",
        ["Transpose"] = "Permute",
        ["Pad"] = "ZeroPadding2D",
        ["Resize"] = "UpSampling2D",
        ["Upsample"] = "UpSampling2D",
        ["Mul"] = "Multiply",
        ["Sub"] = "Subtract",
        ["Max"] = "Maximum",
        ["Min"] = "Minimum",
        ["Relu"] = "ReLU",
    }.ToFrozenDictionary();

    /// <summary>What the last of its nodes computes.</summary>
    public Shape Output => Nodes[^1].Outputs is [var output, ..] ? output.Shape : Shape.Unknown;

    /// <summary>The layer's kind. A block is named after the operator that joins its branches.</summary>
    public string Type => Nodes.Where(node => !Activations.Contains(node.Op) && node.Op != "BatchNormalization").ToArray() switch
    {
        [] => Word(Nodes[0]),
        [var layer] => Word(layer),
        [.., { Op: "Concat" }] => "Inception",
        [.., { Op: "Add" }] => "Residual",
        _ => "Block",
    };

    /// <summary>How the one convolution or pool of the row walks; null where there is none, or several.</summary>
    public Window? Window => Nodes.Where(ReceptiveField.Walks).ToArray() is [var layer] ? Models.Window.Of(layer) : null;

    /// <summary>
    /// Groups a graph's nodes into rows. What is computed from weights and shapes alone, as exporters write it, has none: its weights belong to the
    /// rows that use it.
    /// </summary>
    /// <param name="graph">The graph.</param>
    /// <param name="blocks">
    /// Whether the first segment of a node's path names its row, as in <c>inception_3a/1x1/relu</c>; otherwise each node has its own, but
    /// an activation that alone reads a node is in that node's row.
    /// </param>
    public static IReadOnlyList<LayerRow> Of(Graph graph, bool blocks)
    {
        var readers = graph.Nodes.SelectMany(node => node.Inputs).OfType<Value>().Concat(graph.Outputs).CountBy(value => value).ToDictionary();
        var rows = new List<LayerRow>();
        var byName = new Dictionary<string, LayerRow>();
        var byNode = new Dictionary<Node, LayerRow>();
        var aside = LayerWeights.Aside(graph);
        foreach (var node in graph.Nodes.Where(node => !aside.Contains(node)))
        {
            var name = blocks ? node.Name.Split('/')[0] : node.Name;
            var row = blocks ? byName.GetValueOrDefault(name)
                : Activations.Contains(node.Op) && node.Inputs is [{ Producer: { } layer } x, ..] && readers[x] == 1 ? byNode.GetValueOrDefault(layer)
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

    /// <summary>Numbers that its layers keep for one image, an activation in the place of its layer's; null where a shape is not known.</summary>
    public long? Activation() => Nodes.Where((node, i) => i == 0 || !Activations.Contains(node.Op) || node.Inputs[0]?.Producer != Nodes[i - 1])
        .Aggregate((long?)0, (sum, node) => sum + (node.Op is "Flatten" or "Reshape" or "Squeeze" or "Unsqueeze" or "Identity" or "Dropout" or "Shape" ? 0 : Product(node.Output.Shape, from: 1)));

    /// <summary>Multiplications of its convolutions and matrix products for one image; null where a shape is not known.</summary>
    public long? MultiplyAdds() => Nodes.Aggregate((long?)0, (sum, node) => sum + (node.Domain.Length > 0 ? 0 : node.Op switch
    {
        // Y[M, P, Q]: each of its elements takes C/group R S products, the size of W[M, C/group, R, S] over M.
        "Conv" => Product(node[1].Shape) * Product(node.Output.Shape, from: 2),

        // X[C, H, W]: each of its elements is spread over M/group R S others.
        "ConvTranspose" => Product(node[1].Shape) * Product(node[0].Shape, from: 2),

        // B[K, N]: each of its elements is used once for a row, and a row is an image.
        "Gemm" => Product(node[1].Shape),

        // Y[.., N]: each of its elements takes K products.
        "MatMul" => Product(node.Output.Shape, from: 1) * (node[1].Shape.Rank > 1 ? Product(new Shape(node[1].Shape[-2])) : null),
        _ => 0,
    }));

    private static string Word(Node node) => node switch
    {
        { Op: "Conv" } when node.Int("group", 1) is > 1 and var group && node[0].Shape is { Rank: > 1 } x && x[1] == group => "DepthwiseConv2D",
        { Op: "MatMul", Inputs: [_, { } w] } when LayerWeights.Leaves(w).Any() => "Dense",
        _ => Words.GetValueOrDefault(node.Op, node.Op),
    };

    private static long? Product(Shape shape, int from = 0) =>
        shape.IsRanked && !shape.Dimensions.Skip(from).Contains(Shape.Free) ? shape.Dimensions.Skip(from).Aggregate(1L, (product, d) => product * d) : null;
}
