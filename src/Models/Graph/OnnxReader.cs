using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Fovea.Models.Onnx;
using Google.Protobuf.Collections;

namespace Fovea.Models;

/// <summary>A parsed file on its way to a graph.</summary>
internal static class OnnxReader
{
    /// <exception cref="FoveaException">The message is not a graph that can be used.</exception>
    public static Graph FromProto(ModelProto model)
    {
        if (model.Graph is null || model.OpsetImport.Count == 0)
        {
            throw new FoveaException(ErrorCode.BadModelFile, "it holds no graph and operator set, so it is not an ONNX file.");
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

        // Before IR version 4 every initializer was listed among the inputs too.
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

        var declared = model.Graph.ValueInfo.Concat(model.Graph.Output).ToLookup(value => value.Name, value => value.Type);
        foreach (var node in model.Graph.Node)
        {
            if (node.Output.Count == 0)
            {
                throw new FoveaException(ErrorCode.BadModelFile, $"the node {node.Name} ({node.OpType}) has no output; expected at least one.");
            }

            var added = graph.Add(
                node.OpType,
                [.. node.Input.Select(input => input.Length == 0 ? null : Find(input))],
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

        foreach (var output in model.Graph.Output)
        {
            graph.Output(Find(output.Name));
        }

        return graph;

        Value Find(string name) => values.GetValueOrDefault(name)
            ?? throw new FoveaException(ErrorCode.BadModelFile, $"the value {name} is used before anything computes it; expected nodes in the order in which they run.");
    }

    // What cannot be inferred is taken as declared. The batch stays free.
    private static Shape Merged(Shape inferred, Shape declared) => !inferred.IsRanked ? declared
        : inferred.Rank != declared.Rank || inferred.IsKnown ? inferred
        : new Shape([.. inferred.Dimensions.Zip(declared.Dimensions).Select((d, axis) => d.First == Shape.Free && axis > 0 ? d.Second : d.First)]);

    private static (ElementType, Shape) FromProto(TypeProto? type) => type?.TensorType is { } tensor
        ? ((ElementType)tensor.ElemType, tensor.Shape is null ? Shape.Unknown : new Shape([.. tensor.Shape.Dim.Select(d => d.DimValue > 0 ? Dimension(d.DimValue) : Shape.Free)]))
        : (ElementType.Unknown, Shape.Unknown);

    private static int Dimension(long value) => value is >= 0 and <= int.MaxValue
        ? (int)value
        : throw new FoveaException(ErrorCode.BadModelFile, $"a dimension is {value}; expected 0 to {int.MaxValue}.");

    private static Tensor FromProto(TensorProto tensor)
    {
        if (tensor.DataLocation == TensorProto.Types.DataLocation.External)
        {
            throw new FoveaException(ErrorCode.BadModelFile, $"the tensor {tensor.Name} lies in another file; expected all weights inside the .onnx file.");
        }

        var type = (ElementType)tensor.DataType;
        var shape = new Shape([.. tensor.Dims.Select(Dimension)]);
        return new Tensor(type, shape, tensor.RawData.Length > 0 ? tensor.RawData.Memory : TypedData(tensor, type));
    }

    // The format's other way to hold elements: a typed list, small integers and halves one to an int32.
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
        _ => throw new FoveaException(ErrorCode.BadModelFile, $"the attribute {attribute.Name} is of a kind that is not supported ({attribute.Type}); expected numbers, text or a tensor."),
    };
}
