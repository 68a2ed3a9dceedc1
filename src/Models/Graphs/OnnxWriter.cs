using System.Globalization;
using Fovea.Models.Onnx;
using Google.Protobuf;

namespace Fovea.Models.Graphs;

/// <summary>
/// Writes one graph as an ONNX message. The protobuf library writes everything except the weights. The weights are written directly from
/// their memory to the stream, without a copy in protobuf's buffer. The resulting bytes are the same as if protobuf wrote them.
/// </summary>
internal sealed class OnnxWriter
{
    private const int IrVersion = 8;

    private readonly ModelProto model;
    private readonly GraphProto nodes;
    private readonly List<(TensorProto Header, Tensor Tensor)> weights;
    private readonly int graphLength;

    /// <param name="graph">The graph.</param>
    /// <param name="elsewhere">
    /// The file name and offset of a weight that is stored in another file; <c>null</c> for a weight that is stored in this file. Default:
    /// all weights are stored in this file.
    /// </param>
    public OnnxWriter(Graph graph, Func<Tensor, (string File, long Offset)?>? elsewhere = null)
    {
        var version = typeof(OnnxFile).Assembly.GetName().Version!.ToString(3);
        model = new ModelProto { IrVersion = IrVersion, ProducerName = "fovea", ProducerVersion = version };
        model.OpsetImport.AddRange(graph.OperatorSets.Select(set => new OperatorSetIdProto { Domain = set.Key, Version = set.Value }));
        model.MetadataProps.AddRange(graph.Metadata.Select(m => new StringStringEntryProto { Key = m.Key, Value = m.Value }));
        nodes = new GraphProto { Name = graph.Name };
        nodes.Input.AddRange(graph.Inputs.Select(ToProto));
        nodes.Output.AddRange(graph.Outputs.Select(ToProto));
        nodes.Node.AddRange(graph.Nodes.Select(ToProto));
        foreach (var (value, tensor) in graph.Initializers)
        {
            if (elsewhere?.Invoke(tensor) is { } place)
            {
                nodes.Initializer.Add(Reference(value.Name, tensor, place.File, place.Offset));
            }
        }

        weights =
        [
            .. graph.Initializers.Where(i => elsewhere?.Invoke(i.Value) is null).Select(i => (Header(i.Key.Name, i.Value), i.Value)),
        ];
        graphLength = checked(nodes.CalculateSize() + weights.Sum(w => Field(GraphProto.InitializerFieldNumber, TensorLength(w))));
    }

    /// <summary>The length of the file in bytes.</summary>
    public int Length => checked(model.CalculateSize() + Field(ModelProto.GraphFieldNumber, graphLength));

    /// <summary>Writes the message to a stream, which stays open.</summary>
    public void WriteTo(Stream stream)
    {
        using var coded = new CodedOutputStream(stream, leaveOpen: true);
        model.WriteTo(coded);
        Begin(coded, ModelProto.GraphFieldNumber, graphLength);
        nodes.WriteTo(coded);
        foreach (var weight in weights)
        {
            Begin(coded, GraphProto.InitializerFieldNumber, TensorLength(weight));
            weight.Header.WriteTo(coded);
            Begin(coded, TensorProto.RawDataFieldNumber, (int)weight.Tensor.ByteLength);
            coded.Flush();
            stream.Write(weight.Tensor.Bytes.Span);
        }
    }

    private static void Begin(CodedOutputStream coded, int field, int length)
    {
        coded.WriteTag(field, WireFormat.WireType.LengthDelimited);
        coded.WriteLength(length);
    }

    private static int TensorLength((TensorProto Header, Tensor Tensor) weight) =>
        checked(weight.Header.CalculateSize() + Field(TensorProto.RawDataFieldNumber, (int)weight.Tensor.ByteLength));

    // The size of a length-delimited field in bytes: tag, length and content.
    private static int Field(int number, int length) =>
        checked(CodedOutputStream.ComputeTagSize(number) + CodedOutputStream.ComputeLengthSize(length) + length);

    // An unknown type is left out: ONNX Runtime infers a missing type, but rejects type 0.
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
                ? new TensorShapeProto.Types.Dimension { DimParam = axis == 0 ? "N" : FreeDimensionName(value, axis) }
                : new TensorShapeProto.Types.Dimension { DimValue = d }));
        }

        return new ValueInfoProto { Name = value.Name, Type = new TypeProto { TensorType = tensor } };
    }

    private static string FreeDimensionName(Value value, int axis) => string.Create(CultureInfo.InvariantCulture, $"{value.Name}_{axis}");

    private static TensorProto Header(string name, Tensor tensor)
    {
        var proto = new TensorProto { Name = name, DataType = (int)tensor.Type };
        proto.Dims.AddRange(tensor.Shape.ToInt64());
        return proto;
    }

    private static TensorProto Reference(string name, Tensor tensor, string file, long offset)
    {
        var proto = Header(name, tensor);
        proto.DataLocation = TensorProto.Types.DataLocation.External;
        proto.ExternalData.Add(new StringStringEntryProto { Key = "location", Value = file });
        proto.ExternalData.Add(new StringStringEntryProto { Key = "offset", Value = offset.ToString(CultureInfo.InvariantCulture) });
        proto.ExternalData.Add(
            new StringStringEntryProto { Key = "length", Value = tensor.ByteLength.ToString(CultureInfo.InvariantCulture) });
        return proto;
    }

    private static TensorProto ToProto(Tensor tensor)
    {
        var proto = Header("", tensor);
        proto.RawData = UnsafeByteOperations.UnsafeWrap(tensor.Bytes);
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
                (proto.Type, proto.T) = (AttributeProto.Types.AttributeType.Tensor, ToProto(tensor));
                break;
            default:
                throw new ArgumentException(
                    $"Attribute {name} is a {value.GetType().Name}; expected long, float, string, an array of one of these, or "
                    + "Tensor.", nameof(value));
        }

        return proto;
    }
}
