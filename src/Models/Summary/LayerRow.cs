using System.Collections.Frozen;

namespace Fovea.Models;

/// <summary>One row of a summary: a layer with its activation, or a block of layers.</summary>
/// <param name="Name">The name of the layer or of the block.</param>
/// <param name="Nodes">The row's nodes, in the order in which they run.</param>
internal sealed record LayerRow(string Name, List<Node> Nodes)
{
    private static readonly FrozenSet<string> Activations = FrozenSet.Create(
        "Relu", "LeakyRelu", "PRelu", "Elu", "Selu", "Celu", "Gelu", "Mish", "Sigmoid", "HardSigmoid", "HardSwish", "Tanh", "Softplus",
        "Softsign", "Clip");

    // Operators that do not compute new numbers, so their outputs need no memory.
    private static readonly FrozenSet<string> Views =
        FrozenSet.Create("Flatten", "Reshape", "Squeeze", "Unsqueeze", "Identity", "Dropout", "Shape");

    // Keras's names of layers, by the ONNX operator. An operator that is not here keeps its ONNX name.
    private static readonly FrozenDictionary<string, string> KerasNames = new Dictionary<string, string>
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

    /// <summary>The shape of the last node's first output.</summary>
    public Shape Output => Nodes[^1].Outputs is [var output, ..] ? output.Shape : Shape.Unknown;

    /// <summary>
    /// The layer's type, such as Conv2D. Activations and batch normalisation are ignored if the row has another layer. A block whose last
    /// layer is Concat is an Inception block, and one whose last layer is Add is a Residual block.
    /// </summary>
    public string Type => Nodes.Where(node => !Activations.Contains(node.Op) && node.Op != "BatchNormalization").ToArray() switch
    {
        [] => KerasName(Nodes[0]),
        [var layer] => KerasName(layer),
        [.., { Op: "Concat" }] => "Inception",
        [.., { Op: "Add" }] => "Residual",
        _ => "Block",
    };

    /// <summary>The window of the row's only convolution or pool; <c>null</c> if the row has none or several.</summary>
    public Window? Window => Nodes.Where(ReceptiveField.HasWindow).ToArray() is [var layer] ? Models.Window.Of(layer) : null;

    /// <summary>
    /// Groups a graph's nodes into rows. Nodes that depend only on weights and shapes, which exporters add, are in no row; weights that
    /// they read belong to the rows that use the results.
    /// </summary>
    /// <param name="graph">The graph.</param>
    /// <param name="blocks">
    /// With <c>true</c>, the first part of a node's path names its row: <c>inception_3a/1x1/relu</c> is in the row inception_3a. With
    /// <c>false</c>, each node has a row, except that an activation is in the row of the node before it if it is that node's only reader.
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
            bool isActivation = Activations.Contains(node.Op);
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
    /// The number of elements that the row's layers keep in memory for one image; <c>null</c> if a shape is not known. An activation
    /// overwrites its layer's output, so it is not counted again.
    /// </summary>
    public long? ActivationCount() => Nodes
        .Where((node, i) => i == 0 || !Activations.Contains(node.Op) || node.Inputs[0]?.Producer != Nodes[i - 1])
        .Aggregate((long?)0, (sum, node) => sum + (Views.Contains(node.Op) ? 0 : Product(node.Output.Shape, from: 1)));

    /// <summary>
    /// The multiplications of the row's convolutions and matrix products for one image; <c>null</c> if a shape is not known.
    /// </summary>
    public long? MultiplyAdds() => Nodes.Aggregate((long?)0, (sum, node) => sum + (node.Domain.Length > 0 ? 0 : node.Op switch
    {
        // Each element of Y[M, P, Q] takes C/group R S products. Together: the size of W[M, C/group, R, S] times P Q.
        "Conv" => Product(node[1].Shape) * Product(node.Output.Shape, from: 2),

        // Each element of X[C, H, W] is multiplied by M/group R S weights. Together: the size of W[C, M/group, R, S] times H W.
        "ConvTranspose" => Product(node[1].Shape) * Product(node[0].Shape, from: 2),

        // Each element of B[K, N] is used once per row of A, and a row is an image.
        "Gemm" => Product(node[1].Shape),

        // Each element of Y[.., N] takes K products.
        "MatMul" => Product(node.Output.Shape, from: 1) * (node[1].Shape.Rank > 1 ? Product(new Shape(node[1].Shape[-2])) : null),
        _ => 0,
    }));

    private static string KerasName(Node node) => node switch
    {
        { Op: "Conv" } when IsDepthwise(node) => "DepthwiseConv2D",
        { Op: "MatMul", Inputs: [_, { } w] } when LayerWeights.Leaves(w).Any() => "Dense",
        _ => KerasNames.GetValueOrDefault(node.Op, node.Op),
    };

    // Each channel is convolved by itself: there are as many groups as input channels.
    private static bool IsDepthwise(Node node) =>
        node.Int("group", 1) is > 1 and var group && node[0].Shape is { Rank: > 1 } x && x[1] == group;

    // The product of the dimensions from the given axis on; null if one of them is free.
    private static long? Product(Shape shape, int from = 0) => shape.IsRanked && !shape.Dimensions.Skip(from).Contains(Shape.Free)
        ? shape.Dimensions.Skip(from).Aggregate(1L, (product, d) => product * d)
        : null;
}
