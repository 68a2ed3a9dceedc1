using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fovea.Models;

/// <summary>
/// What a network consists of, read off its graph: a row for each layer, and totals. Shapes are [C, H, W] without the batch; a shape
/// or dimension that cannot be known, as behind a foreign operator, is null. Weights are not drawn for it.
/// </summary>
/// <param name="Name">The graph's name, for a catalog network its architecture.</param>
/// <param name="Input">The shape of one image, [C, H, W].</param>
/// <param name="Classes">How many logits there are; null where that cannot be known.</param>
/// <param name="Trained">Whether the weights were learnt; see <see cref="ModelMetadata.Trained"/>.</param>
/// <param name="Layers">The rows, in the order in which they run; the inputs come first.</param>
/// <param name="TotalParameters">Numbers in all weights; a weight that several layers share counts once.</param>
/// <param name="TrainableParameters">Those that an optimizer moves.</param>
/// <param name="NonTrainableParameters">Running statistics of batch normalisation.</param>
/// <param name="MultiplyAdds">Multiplications, each with its addition, for one image; null where a layer's shape cannot be known.</param>
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
    /// <summary>What the parameters take in memory, in bytes.</summary>
    public long WeightBytes { get; init; }

    /// <summary>What its layers keep for one image, in bytes at float32, the image included; null where a layer's shape cannot be known.</summary>
    public long? ActivationBytes { get; init; }

    /// <summary>Whether the parts of a layer's name, between slashes, are blocks; in a foreign file a slash may mean anything.</summary>
    [JsonIgnore]
    public bool HasBlocks { get; init; }

    /// <summary>Describes a graph.</summary>
    /// <param name="graph">A network; it is not changed.</param>
    /// <param name="expand">Whether each layer of a block (an inception module, a residual block) has a row, rather than the block one. Default false.</param>
    /// <exception cref="FoveaException">The graph's metadata cannot be read.</exception>
    public static NetworkSummary Of(Graph graph, bool expand = false)
    {
        var metadata = ModelMetadata.Read(graph.Metadata);

        var rows = LayerRow.Of(graph, blocks: metadata.Architecture is not null && !expand);
        var names = rows.SelectMany(row => row.Nodes, (row, node) => (node, row.Name)).ToDictionary(r => r.node, r => r.Name);
        var counted = new HashSet<Value>();
        long trainable = 0, fixedNumbers = 0, bytes = 0;
        var fields = ReceptiveField.Of(graph);
        List<LayerSummary> layers =
        [
            .. graph.Inputs.Select(input => new LayerSummary(input.Name, "InputLayer", PerImage(input.Shape), 0, 0, [])
            {
                ReceptiveField = Pixels(input),
                ActivationBytes = Bytes(input.Shape),
            }),
        ];
        foreach (var row in rows)
        {
            long parameters = 0;
            foreach (var (weight, isTrainable) in LayerWeights.Of(row).Where(weight => counted.Add(weight.Value)))
            {
                parameters += weight.Shape.Size;
                trainable += isTrainable ? weight.Shape.Size : 0;
                fixedNumbers += isTrainable ? 0 : weight.Shape.Size;
                bytes += weight.Shape.Size * weight.Type.SizeOf();
            }

            var sources = row.Nodes.SelectMany(node => node.Inputs).OfType<Value>()
                .Select(value => value.Producer is { } producer ? names.GetValueOrDefault(producer) : graph.Inputs.Contains(value) ? value.Name : null);
            layers.Add(new(row.Name, row.Type, PerImage(row.Output), parameters, row.MultiplyAdds(), [.. sources.OfType<string>().Where(name => name != row.Name).Distinct()])
            {
                ReceptiveField = row.Nodes[^1].Outputs is [var output, ..] ? Pixels(output) : null,
                ActivationBytes = row.Activation() * sizeof(float),
                Kernel = row.Window?.Kernel,
                Strides = row.Window?.Strides,
            });
        }

        return new(
            graph.Name,
            graph.Inputs is [var first, ..] ? PerImage(first.Shape) : null,
            graph.Outputs is [{ Shape.Rank: > 0 } logits, ..] ? Known(logits.Shape[-1]) : null,
            metadata.Trained,
            layers,
            trainable + fixedNumbers,
            trainable,
            fixedNumbers,
            layers.Aggregate((long?)0, (sum, layer) => sum + layer.MultiplyAdds))
        {
            WeightBytes = bytes,
            ActivationBytes = layers.Aggregate((long?)0, (sum, layer) => sum + layer.ActivationBytes),
            HasBlocks = metadata.Architecture is not null,
        };

        int? Pixels(Value value) => fields.TryGetValue(value, out var field) ? (int)Math.Round(field.Size) : null;
    }

    /// <summary>The summary as one line of JSON, property names in camel case.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, SummaryJson.Default.NetworkSummary);

    private static int?[]? PerImage(Shape shape) => shape.IsRanked ? [.. shape.Dimensions.Skip(1).Select(Known)] : null;

    private static long? Bytes(Shape shape) => PerImage(shape) is { } image ? image.Aggregate((long?)sizeof(float), (product, d) => product * d) : null;

    private static int? Known(int dimension) => dimension == Shape.Free ? null : dimension;
}

/// <summary>One row: a layer with the activation right behind it, or a block of layers.</summary>
/// <param name="Name">The layer's path in the graph, such as <c>conv1</c>.</param>
/// <param name="Type">What Keras calls such a layer: Conv2D, Dense ...; an operator that it has no word for keeps its ONNX name.</param>
/// <param name="OutputShape">[C, H, W] or [features]; null where unknown.</param>
/// <param name="Parameters">Numbers in its weights, running statistics included; those that an earlier row has counted are not.</param>
/// <param name="MultiplyAdds">Multiplications, each with its addition, of its convolutions and matrix products for one image; null where unknown.</param>
/// <param name="ConnectedTo">The rows that its inputs come from.</param>
public sealed record LayerSummary(string Name, string Type, IReadOnlyList<int?>? OutputShape, long Parameters, long? MultiplyAdds, IReadOnlyList<string> ConnectedTo)
{
    /// <summary>How many pixels of the image, along a side, one of its numbers sees; padding counts too. Null where its output has no places in the image, as behind Flatten.</summary>
    public int? ReceptiveField { get; init; }

    /// <summary>What it keeps for one image, in bytes at float32: its output, of a block those of all its layers; views of another layer's take nothing. Null where unknown.</summary>
    public long? ActivationBytes { get; init; }

    /// <summary>[height, width] of a convolution's or pool's kernel; absent for other layers.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<int>? Kernel { get; init; }

    /// <summary>Its steps down and to the right; absent where there is no kernel.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<int>? Strides { get; init; }
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(NetworkSummary))]
internal sealed partial class SummaryJson : JsonSerializerContext;
