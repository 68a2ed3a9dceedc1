using System.Buffers;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Fovea.Models.Onnx;
using Google.Protobuf;
using Google.Protobuf.Collections;

namespace Fovea.Models;

/// <summary>Reads and writes graphs as .onnx files (IR version 8). Weights are neither copied nor held twice on the way.</summary>
public static class OnnxFile
{
    private const int IrVersion = 8;

    /// <summary>Writes a graph; drawn weights are drawn now. The file is there whole or not at all.</summary>
    /// <exception cref="FoveaException">The file cannot be written, or would pass the 2 GiB that protobuf can hold.</exception>
    public static void Write(Graph graph, string path) => AtomicFile.Write(path, stream => Write(graph, stream));

    /// <summary>Writes a graph to a stream.</summary>
    /// <exception cref="FoveaException">It would pass the 2 GiB that protobuf can hold.</exception>
    public static void Write(Graph graph, Stream stream)
    {
        EnsureFits(graph);
        using var coded = new CodedOutputStream(stream, bufferSize: 1 << 20, leaveOpen: true);
        ToProto(graph).WriteTo(coded);
    }

    /// <summary>A graph as the bytes of its file, as ONNX Runtime takes it in memory.</summary>
    /// <exception cref="FoveaException">It would pass the 2 GiB that protobuf can hold.</exception>
    public static byte[] ToBytes(Graph graph)
    {
        EnsureFits(graph);
        return ToProto(graph).ToByteArray();
    }

    /// <summary>Reads a graph, its shapes inferred.</summary>
    /// <exception cref="FoveaException">The file is missing, is no ONNX, or is damaged.</exception>
    public static Graph Read(string path)
    {
        if (!File.Exists(path))
        {
            throw new FoveaException(ErrorCode.BadModelFile, $"There is no file '{path}'; expected an .onnx file.");
        }

        try
        {
            // Parsing from mapped memory lets protobuf allocate each tensor once, at its size; from a stream it would collect pieces first.
            using var file = new MappedFile(path);
            return FromProto(ModelProto.Parser.ParseFrom(new ReadOnlySequence<byte>(file.Memory)));
        }
        // Protobuf's exception is an IOException too.
        catch (Exception e) when (e is InvalidProtocolBufferException or OverflowException)
        {
            throw new FoveaException(ErrorCode.BadModelFile, $"{path} is not an ONNX file, or is damaged: {e.Message}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FoveaException(ErrorCode.BadModelFile, $"{path} cannot be read: {e.Message.TrimEnd('.')}. Expected an .onnx file.", e);
        }
        catch (FoveaException e)
        {
            throw new FoveaException(e.Code, $"{path}: {e.Message}", e);
        }
    }

    private static void EnsureFits(Graph graph)
    {
        long weights = graph.Initializers.Values.Sum(tensor => tensor.ByteLength);
        if (weights > int.MaxValue - (1 << 20))
        {
            throw new FoveaException(ErrorCode.CannotWrite, $"The weights of {graph.Name} take {weights} bytes; expected less than 2 GiB, which is all that one ONNX file can hold.");
        }
    }

    private static ModelProto ToProto(Graph graph)
    {
        var proto = new ModelProto
        {
            IrVersion = IrVersion,
            ProducerName = "fovea",
            ProducerVersion = typeof(OnnxFile).Assembly.GetName().Version!.ToString(3),
            Graph = new GraphProto { Name = graph.Name },
        };
        proto.OpsetImport.AddRange(graph.OperatorSets.Select(set => new OperatorSetIdProto { Domain = set.Key, Version = set.Value }));
        proto.MetadataProps.AddRange(graph.Metadata.Select(m => new StringStringEntryProto { Key = m.Key, Value = m.Value }));
        proto.Graph.Input.AddRange(graph.Inputs.Select(ToProto));
        proto.Graph.Output.AddRange(graph.Outputs.Select(ToProto));
        proto.Graph.Initializer.AddRange(graph.Initializers.Select(i => ToProto(i.Key.Name, i.Value)));
        proto.Graph.Node.AddRange(graph.Nodes.Select(ToProto));
        return proto;
    }

    // Without a type ONNX Runtime finds it out; a type of 0 it refuses.
    private static ValueInfoProto ToProto(Value value)
    {
        if (value.Type == ElementType.Unknown)
        {
            return new ValueInfoProto { Name = value.Name };
        }

        var tensor = new TypeProto.Types.Tensor { ElemType = (int)value.Type };
        if (value.Shape.IsRanked)
        {
            tensor.Shape = new TensorShapeProto();
            tensor.Shape.Dim.AddRange(value.Shape.Dimensions.Select((d, axis) => d == Shape.Free
                ? new TensorShapeProto.Types.Dimension { DimParam = axis == 0 ? "N" : string.Create(CultureInfo.InvariantCulture, $"{value.Name}_{axis}") }
                : new TensorShapeProto.Types.Dimension { DimValue = d }));
        }

        return new ValueInfoProto { Name = value.Name, Type = new TypeProto { TensorType = tensor } };
    }

    private static TensorProto ToProto(string name, Tensor tensor)
    {
        var proto = new TensorProto { Name = name, DataType = (int)tensor.Type, RawData = UnsafeByteOperations.UnsafeWrap(tensor.Bytes) };
        proto.Dims.AddRange(tensor.Shape.ToInt64());
        return proto;
    }

    private static NodeProto ToProto(Node node)
    {
        var proto = new NodeProto { Name = node.Name, OpType = node.Op, Domain = node.Domain };
        proto.Input.AddRange(node.Inputs.Select(input => input?.Name ?? ""));
        proto.Output.AddRange(node.Outputs.Select(output => output.Name));
        proto.Attribute.AddRange(node.Attributes.Select(a => ToProto(a.Key, a.Value)));
        return proto;
    }

    private static AttributeProto ToProto(string name, object value)
    {
        var proto = new AttributeProto { Name = name };
        switch (value)
        {
            case long i:
                (proto.Type, proto.I) = (AttributeProto.Types.AttributeType.Int, i);
                break;
            case float f:
                (proto.Type, proto.F) = (AttributeProto.Types.AttributeType.Float, f);
                break;
            case string s:
                (proto.Type, proto.S) = (AttributeProto.Types.AttributeType.String, ByteString.CopyFromUtf8(s));
                break;
            case long[] ints:
                proto.Type = AttributeProto.Types.AttributeType.Ints;
                proto.Ints.AddRange(ints);
                break;
            case float[] floats:
                proto.Type = AttributeProto.Types.AttributeType.Floats;
                proto.Floats.AddRange(floats);
                break;
            case string[] strings:
                proto.Type = AttributeProto.Types.AttributeType.Strings;
                proto.Strings.AddRange(strings.Select(ByteString.CopyFromUtf8));
                break;
            case Tensor tensor:
                (proto.Type, proto.T) = (AttributeProto.Types.AttributeType.Tensor, ToProto("", tensor));
                break;
            default:
                throw new ArgumentException($"Attribute {name} is a {value.GetType().Name}, which no ONNX attribute can be.", nameof(value));
        }

        return proto;
    }

    private static Graph FromProto(ModelProto model)
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
