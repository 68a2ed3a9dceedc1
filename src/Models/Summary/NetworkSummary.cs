using System.Text.Json;
using System.Text.Json.Serialization;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Metadata;

namespace Fovea.Models.Summary;

/// <summary>
/// The layers of a network with totals, read from its graph without drawing its weights. Shapes are [C, H, W] without the batch. A shape or
/// dimension that cannot be inferred, for example after an operator without a shape rule, is <c>null</c>.
/// </summary>
/// <param name="Name">The graph's name; for a catalog network, the architecture's name.</param>
/// <param name="Input">The shape of one image, [C, H, W]; <c>null</c> if it is unknown.</param>
/// <param name="Classes">The number of logits; <c>null</c> if it is unknown.</param>
/// <param name="Trained">Whether the weights are trained; see <see cref="ModelMetadata.Trained"/>.</param>
/// <param name="Layers">The rows of the summary table, in the order in which the layers run. The inputs come first.</param>
/// <param name="TotalParameters">The number of elements of all weights. A weight that several layers share counts once.</param>
/// <param name="TrainableParameters">The number of weight elements that training changes.</param>
/// <param name="NonTrainableParameters">The number of elements of the running statistics of batch normalisation.</param>
/// <param name="MultiplyAdds">
/// The number of multiply-adds for one image (a multiplication with an addition counts once); <c>null</c> if a layer's shape is unknown.
/// </param>
public sealed record NetworkSummary(
    string Name,
    IReadOnlyList<int?>? Input,
    int? Classes,
    bool Trained,
    IReadOnlyList<LayerSummary> Layers,
    long TotalParameters,
    long TrainableParameters,
    long NonTrainableParameters,
    long? MultiplyAdds)
{
    /// <summary>The size of the parameters in the graph's own element types, in bytes.</summary>
    public long WeightBytes { get; init; }

    /// <summary>
    /// The size of the input image and all layers' outputs for one image, in bytes as 32-bit floats; <c>null</c> if a layer's shape is
    /// unknown.
    /// </summary>
    public long? ActivationBytes { get; init; }

    /// <summary>
    /// Whether slashes in a layer's name separate blocks. It is false for files of other software, where a slash may have another meaning.
    /// </summary>
    [JsonIgnore]
    public bool HasBlocks { get; init; }

    /// <summary>Summarises a graph, which is not changed.</summary>
    /// <param name="graph">The network.</param>
    /// <param name="expand">
    /// With <c>true</c>, each layer has a row. With <c>false</c>, the default, each block (an inception module, a residual block) has one
    /// row.
    /// </param>
    /// <exception cref="FoveaException">The graph's metadata are invalid, or a weight has an unsupported element type.</exception>
    public static NetworkSummary Of(Graph graph, bool expand = false)
    {
        // The nodes that compute the outlier energy are not layers of the network.
        graph = LogitEnergy.Without(graph);
        var metadata = ModelMetadata.Read(graph.Metadata);
        var rows = LayerRow.Of(graph, blocks: metadata.Architecture is not null && !expand);
        var names = rows.SelectMany(row => row.Nodes, (row, node) => (node, row.Name)).ToDictionary(r => r.node, r => r.Name);
        var fields = ReceptiveField.Of(graph);
        var counter = new ParameterCounter();
        LayerSummary[] layers = [.. graph.Inputs.Select(Input), .. rows.Select(Row)];
        return new(
            graph.Name,
            graph.Inputs is [var first, ..] ? PerImage(first.Shape) : null,
            graph.Outputs is [{ Shape.Rank: > 0 } logits, ..] ? Known(logits.Shape[-1]) : null,
            metadata.Trained,
            layers,
            counter.Trainable + counter.NonTrainable,
            counter.Trainable,
            counter.NonTrainable,
            layers.Aggregate((long?)0, (sum, layer) => sum + layer.MultiplyAdds))
        {
            WeightBytes = counter.Bytes,
            ActivationBytes = layers.Aggregate((long?)0, (sum, layer) => sum + layer.ActivationBytes),
            HasBlocks = metadata.Architecture is not null,
        };

        LayerSummary Input(Value input) => new(input.Name, "InputLayer", PerImage(input.Shape), 0, 0, [])
        {
            Kind = LayerKind.Input,
            ReceptiveField = FieldOf(input),
            ActivationBytes = Bytes(input.Shape),
        };

        LayerSummary Row(LayerRow row) => new(
            row.Name, row.Type, PerImage(row.Output), counter.Add(row), row.MultiplyAdds(), [.. Sources(row)])
        {
            Kind = row.Kind,
            ReceptiveField = row.Nodes[^1].Outputs is [var output, ..] ? FieldOf(output) : null,
            ActivationBytes = row.ActivationCount() * sizeof(float),
            Kernel = row.Window?.Kernel,
            Strides = row.Window?.Strides,
        };

        IEnumerable<string> Sources(LayerRow row)
        {
            var names = row.Nodes.SelectMany(node => node.Inputs).OfType<Value>().Select(NameOf).OfType<string>();
            return names.Where(name => name != row.Name).Distinct();
        }

        // The name of the row or input from which a value comes; null for weights.
        string? NameOf(Value value) => value.Producer is { } producer ? names.GetValueOrDefault(producer)
            : graph.Inputs.Contains(value) ? value.Name
            : null;

        int? FieldOf(Value value) => fields.TryGetValue(value, out var field) ? (int)Math.Round(field.Size) : null;
    }

    /// <summary>The summary as one line of JSON with property names in camel case.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, SummaryJson.Default.NetworkSummary);

    private static int?[]? PerImage(Shape shape) => shape.IsRanked ? [.. shape.Dimensions.Skip(1).Select(Known)] : null;

    private static long? Bytes(Shape shape) =>
        PerImage(shape) is { } image ? image.Aggregate((long?)sizeof(float), (product, d) => product * d) : null;

    private static int? Known(int dimension) => dimension == Shape.Free ? null : dimension;

    // Counts each weight once, in the first row that reads it.
    private sealed class ParameterCounter
    {
        private readonly HashSet<Value> counted = [];

        public long Trainable { get; private set; }

        public long NonTrainable { get; private set; }

        public long Bytes { get; private set; }

        // Counts the weights of a row that no earlier row reads, and returns the number of their elements.
        public long Add(LayerRow row)
        {
            long parameters = 0;
            foreach (var (weight, isTrainable) in LayerWeights.Of(row).Where(weight => counted.Add(weight.Value)))
            {
                parameters += weight.Shape.Size;
                Trainable += isTrainable ? weight.Shape.Size : 0;
                NonTrainable += isTrainable ? 0 : weight.Shape.Size;
                Bytes += weight.Shape.Size * weight.Type.SizeOf();
            }

            return parameters;
        }
    }
}

/// <summary>One row of a summary: a layer with the activation that follows it, or a block of layers.</summary>
/// <param name="Name">The layer's path in the graph, such as <c>conv1</c>.</param>
/// <param name="Type">The type of the layer in Keras, such as Conv2D or Dense; the ONNX name of an operator that Keras lacks.</param>
/// <param name="OutputShape">The shape of the output for one image, [C, H, W] or [features]; <c>null</c> if it is unknown.</param>
/// <param name="Parameters">
/// The number of elements of the layer's weights, including running statistics. Weights that an earlier row also reads are not counted
/// again.
/// </param>
/// <param name="MultiplyAdds">
/// The number of multiply-adds of convolutions and matrix products for one image; <c>null</c> if it is unknown.
/// </param>
/// <param name="ConnectedTo">The names of the rows from which the layer's inputs come.</param>
public sealed record LayerSummary(
    string Name, string Type, IReadOnlyList<int?>? OutputShape, long Parameters, long? MultiplyAdds, IReadOnlyList<string> ConnectedTo)
{
    /// <summary>The kind of the layer, which has a colour in pictures.</summary>
    [JsonIgnore]
    internal LayerKind Kind { get; init; }

    /// <summary>
    /// The receptive field: the side, in pixels, of the square of the image on which one element of the layer's output depends. Padding
    /// counts as part of the image. <c>null</c> if the output has no height and width, for example after Flatten.
    /// </summary>
    public int? ReceptiveField { get; init; }

    /// <summary>
    /// The size of the layer's output for one image, in bytes as 32-bit floats; for a block, the size of all its layers' outputs. A layer
    /// that only changes the shape of another layer's output counts as 0. <c>null</c> if a shape is unknown.
    /// </summary>
    public long? ActivationBytes { get; init; }

    /// <summary>The kernel of a convolution or pool, [height, width]; <c>null</c>, and absent in JSON, for other layers.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<int>? Kernel { get; init; }

    /// <summary>The strides of the kernel, [down, right]; <c>null</c>, and absent in JSON, for layers without a kernel.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<int>? Strides { get; init; }
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(NetworkSummary))]
internal sealed partial class SummaryJson : JsonSerializerContext;
