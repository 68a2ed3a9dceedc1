using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Fovea.Models.Onnx;
using Google.Protobuf.Collections;

namespace Fovea.Models;

/// <summary>Converts a parsed ONNX message to a <see cref="Graph"/>.</summary>
internal static class OnnxReader
{
    /// <summary>Builds a graph and infers its shapes. Messages of errors do not name the file; the caller does.</summary>
    /// <exception cref="FoveaException">The message has no graph, has invalid nodes or tensors, or uses an unsupported feature.</exception>
    public static Graph FromProto(ModelProto model)
    {
        if (model.Graph is null || model.OpsetImport.Count == 0)
        {
            throw new FoveaException(ErrorCode.BadModelFile, "the file has no graph or no operator set, so it is not an ONNX file.");
        }

        var graph = new Graph(model.Graph.Name);
        foreach (var set in model.OpsetImport)
        {
            graph.OperatorSets[set.Domain == "ai.onnx" ? "" : set.Domain] = set.Version;
        }

        foreach (var property in model.MetadataProps)
        {
            graph.Metadata[property.Key] = property.Value;
        }

        // Before IR version 4, every initializer was also listed as an input.
        var values = new Dictionary<string, Value>();
        var weights = model.Graph.Initializer.Select(tensor => tensor.Name).ToHashSet();
        foreach (var input in model.Graph.Input.Where(input => !weights.Contains(input.Name)))
        {
            var (type, shape) = FromProto(input.Type);
            values[input.Name] = graph.Input(input.Name, type, shape);
        }

        foreach (var tensor in model.Graph.Initializer)
        {
            values[tensor.Name] = graph.Initializer(tensor.Name, FromProto(tensor));
        }

        AddNodes(graph, model.Graph, values);
        foreach (var output in model.Graph.Output)
        {
            graph.Output(Find(values, output.Name));
        }

        return graph;
    }

    private static void AddNodes(Graph graph, GraphProto source, Dictionary<string, Value> values)
    {
        var declared = source.ValueInfo.Concat(source.Output).ToLookup(value => value.Name, value => value.Type);
        foreach (var node in source.Node)
        {
            if (node.Output.Count == 0)
            {
                throw new FoveaException(
                    ErrorCode.BadModelFile, $"the node {node.Name} ({node.OpType}) has no output; expected at least one.");
            }

            var added = graph.Add(
                node.OpType,
                [.. node.Input.Select(input => input.Length == 0 ? null : Find(values, input))],
                [.. node.Attribute.Select(a => (a.Name, FromProto(a)))],
                node.Name.Length > 0 ? node.Name : node.Output[0],
                node.Domain == "ai.onnx" ? "" : node.Domain,
                [.. node.Output]);
            foreach (var output in added.Outputs.Where(output => output.Name.Length > 0))
            {
                var (type, shape) = FromProto(declared[output.Name].LastOrDefault());
                output.Type = output.Type == ElementType.Unknown ? type : output.Type;
                output.Shape = Merged(output.Shape, shape);
                values[output.Name] = output;
            }
        }
    }

    private static Value Find(Dictionary<string, Value> values, string name) => values.GetValueOrDefault(name)
        ?? throw new FoveaException(
            ErrorCode.BadModelFile,
            $"the value {name} is used before a node computes it; expected the nodes in the order in which they run.");

    // A dimension that cannot be inferred is taken from the file's declaration, except for the first one: the batch stays free.
    private static Shape Merged(Shape inferred, Shape declared) => !inferred.IsRanked ? declared
        : inferred.Rank != declared.Rank || inferred.IsKnown ? inferred
        : new Shape([.. inferred.Dimensions.Select((d, axis) => d == Shape.Free && axis > 0 ? declared[axis] : d)]);

    private static (ElementType, Shape) FromProto(TypeProto? type) => type?.TensorType is { } tensor
        ? ((ElementType)tensor.ElemType, FromProto(tensor.Shape))
        : (ElementType.Unknown, Shape.Unknown);

    private static Shape FromProto(TensorShapeProto? shape) => shape is null
        ? Shape.Unknown
        : new Shape([.. shape.Dim.Select(d => d.DimValue > 0 ? Dimension(d.DimValue) : Shape.Free)]);

    private static int Dimension(long value) => value is >= 0 and <= int.MaxValue
        ? (int)value
        : throw new FoveaException(ErrorCode.BadModelFile, $"a dimension is {value}; expected 0 to {int.MaxValue}.");

    private static Tensor FromProto(TensorProto tensor)
    {
        if (tensor.DataLocation == TensorProto.Types.DataLocation.External)
        {
            throw new FoveaException(
                ErrorCode.BadModelFile, $"the tensor {tensor.Name} is stored in another file; expected all weights inside the .onnx file.");
        }

        var type = (ElementType)tensor.DataType;
        var shape = new Shape([.. tensor.Dims.Select(Dimension)]);
        return new Tensor(type, shape, tensor.RawData.Length > 0 ? tensor.RawData.Memory : TypedData(tensor, type));
    }

    // Without raw bytes, the elements are in a list of their type. Small integers, truth values and 16-bit floats take one int32 each.
    private static byte[] TypedData(TensorProto tensor, ElementType type) => type switch
    {
        ElementType.Float => Bytes(tensor.FloatData, x => x),
        ElementType.Double => Bytes(tensor.DoubleData, x => x),
        ElementType.Int64 => Bytes(tensor.Int64Data, x => x),
        ElementType.Int32 => Bytes(tensor.Int32Data, x => x),
        _ when type.SizeOf() == 2 => Bytes(tensor.Int32Data, x => (ushort)x),
        _ => Bytes(tensor.Int32Data, x => (byte)x),
    };

    private static byte[] Bytes<TFrom, TTo>(RepeatedField<TFrom> elements, Func<TFrom, TTo> convert)
        where TTo : unmanaged
    {
        var bytes = new byte[elements.Count * Unsafe.SizeOf<TTo>()];
        var typed = MemoryMarshal.Cast<byte, TTo>(bytes.AsSpan());
        for (int i = 0; i < typed.Length; i++)
        {
            typed[i] = convert(elements[i]);
        }

        return bytes;
    }

    private static object FromProto(AttributeProto attribute) => attribute.Type switch
    {
        AttributeProto.Types.AttributeType.Float => attribute.F,
        AttributeProto.Types.AttributeType.Int => attribute.I,
        AttributeProto.Types.AttributeType.String => attribute.S.ToStringUtf8(),
        AttributeProto.Types.AttributeType.Tensor when attribute.T is not null => FromProto(attribute.T),
        AttributeProto.Types.AttributeType.Floats => attribute.Floats.ToArray(),
        AttributeProto.Types.AttributeType.Ints => attribute.Ints.ToArray(),
        AttributeProto.Types.AttributeType.Strings => attribute.Strings.Select(s => s.ToStringUtf8()).ToArray(),
        _ => throw new FoveaException(
            ErrorCode.BadModelFile,
            $"the attribute {attribute.Name} is of the unsupported type {attribute.Type}; expected numbers, text or a tensor."),
    };
}
