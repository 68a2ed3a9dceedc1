using Fovea.Models.Adoption;
using Fovea.Models.Graphs;
using Fovea.Models.Onnx;

namespace Fovea.Models.Runtime;

/// <summary>Recognises files that Fovea wrote, and adopted files, from a file's content without its weights.</summary>
internal static class OwnForm
{
    private const string OwnProperty = "fovea.";

    /// <summary>Whether a file has Fovea's metadata properties and Fovea's form, so that it needs no adoption.</summary>
    public static bool Holds(ModelOutline model) =>
        model.Graph is { } graph
        && model.MetadataProps.Any(property => property.Key.StartsWith(OwnProperty, StringComparison.Ordinal))
        && model.Functions.Count == 0
        && graph.Initializer.All(tensor => tensor.DataType != (int)ElementType.Text)
        && ExternalTensors.FilesOf(model).Count == 0
        && !graph.Node.Any(IsTraining)
        && !graph.Node.Any(node => node.Attribute.Any(attribute => attribute.G is not null))
        && Inputs(graph) is [{ Type.TensorType: { ElemType: (int)ElementType.Float, Shape.Dim: [var batch, var channels, _, _] } }]
        && channels.DimValue is 1 or 3
        && graph.Output is [{ Type.TensorType: { ElemType: (int)ElementType.Float, Shape.Dim: [_, var classes] } } output]
        && classes.DimValue > 0
        && (RecordOf(model) is { ServesOriginal: false }
            || (batch.DimValue == 0 && classes.DimValue > 1
                && (model.MetadataProps.Any(property => property is { Key: "fovea.activation", Value: "none" })
                    || EndsInLogits(graph, output.Name))));

    /// <summary>The metadata properties of a file.</summary>
    public static IEnumerable<KeyValuePair<string, string>> PropertiesOf(ModelOutline model) =>
        model.MetadataProps.DistinctBy(property => property.Key).Select(property => KeyValuePair.Create(property.Key, property.Value));

    /// <summary>
    /// The record of a file's adoption; <c>null</c> if the file was not adopted, or if the record does not match the graph.
    /// </summary>
    public static AdoptionRecord? RecordOf(ModelOutline model) =>
        AdoptionRecord.Read(PropertiesOf(model)) is { } record && (record.ServesOriginal || Fits(record, model.Graph)) ? record : null;

    private static bool Fits(AdoptionRecord record, GraphOutline graph) =>
        Inputs(graph) is [{ Type.TensorType.Shape.Dim: [_, var channels, var height, var width] }]
        && graph.Output is [{ Type.TensorType.Shape.Dim: [_, var classes] }]
        && (record.Classes == 0 || record.Classes == classes.DimValue)
        && record.Original.Fits([channels.DimValue, height.DimValue, width.DimValue], classes.DimValue);

    private static ValueInfoProto[] Inputs(GraphOutline graph)
    {
        var weights = graph.Initializer.Select(tensor => tensor.Name).ToHashSet();
        return [.. graph.Input.Where(input => !weights.Contains(input.Name))];
    }

    // Whether a linear layer or a Flatten computes the output. After a softmax in the graph, the service would apply a second softmax.
    private static bool EndsInLogits(GraphOutline graph, string output) =>
        graph.Node.LastOrDefault(node => node.Output.Contains(output)) is { OpType: "Gemm" or "MatMul" or "Add" or "Flatten" or "Conv" };

    private static bool IsTraining(NodeProto node) =>
        (node.OpType == "Dropout" && node.Input.Count > 2) || (node.OpType == "BatchNormalization" && node.Output.Count > 1);
}
