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

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(NetworkSummary))]
internal sealed partial class SummaryJson : JsonSerializerContext;
