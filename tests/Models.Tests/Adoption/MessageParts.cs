using Fovea.Models.Graphs;
using Fovea.Models.Onnx;
using Google.Protobuf;

namespace Fovea.Models.Tests.Adoption;

/// <summary>Parts of ONNX messages, for tests that write nodes which <see cref="Graph"/> does not have.</summary>
internal static class MessageParts
{
    /// <summary>The value that the network of <see cref="Scaled"/> takes instead of its input.</summary>
    public const string Replaced = "replaced";

    /// <summary>The plain network, which multiplies its images by a number first.</summary>
    public static Graph Scaled(float factor, Func<Graph, Value, Value[]>? head = null) => ForeignNetwork.Build(
        head ?? ((g, z) => [g.Softmax(z)]),
        g => g.Input("data", ElementType.Float, new Shape(-1, 3, ForeignNetwork.Side, ForeignNetwork.Side)) * factor);

    /// <summary>Puts nodes before the others; the network of <see cref="Scaled"/> then takes the value <see cref="Replaced"/>.</summary>
    public static void Prepend(ModelProto model, params NodeProto[] nodes)
    {
        foreach (var node in model.Graph.Node.Where(node => node.OpType == "Mul" && node.Input[0] == "data"))
        {
            node.Input[0] = Replaced;
        }

        NodeProto[] all = [.. nodes, .. model.Graph.Node];
        model.Graph.Node.Clear();
        model.Graph.Node.AddRange(all);
    }

    public static NodeProto Node(string op, string[] inputs, string[] outputs, params AttributeProto[] attributes) =>
        new() { OpType = op, Name = $"{outputs[0]}_by_{op}", Input = { inputs }, Output = { outputs }, Attribute = { attributes } };

    public static AttributeProto Whole(string name, long value) =>
        new() { Name = name, I = value, Type = AttributeProto.Types.AttributeType.Int };

    public static AttributeProto Wholes(string name, params long[] values) =>
        new() { Name = name, Ints = { values }, Type = AttributeProto.Types.AttributeType.Ints };

    public static AttributeProto Body(GraphProto body) =>
        new() { Name = "body", G = body, Type = AttributeProto.Types.AttributeType.Graph };

    public static GraphProto Graph(string[] inputs, string[] outputs, params NodeProto[] nodes) => new()
    {
        Name = "body",
        Input = { inputs.Select(name => new ValueInfoProto { Name = name, Type = Floats }) },
        Output = { outputs.Select(name => new ValueInfoProto { Name = name, Type = Floats }) },
        Node = { nodes },
    };

    public static TensorProto Numbers(string name, params float[] values) => new()
    {
        Name = name,
        DataType = (int)ElementType.Float,
        Dims = { values.Length },
        RawData = ByteString.CopyFrom([.. values.SelectMany(BitConverter.GetBytes)]),
    };

    public static TensorProto Scalar(string name, long value) =>
        new() { Name = name, DataType = (int)ElementType.Int64, RawData = ByteString.CopyFrom(BitConverter.GetBytes(value)) };

    public static TensorProto Vector(string name, params long[] values) => new()
    {
        Name = name,
        DataType = (int)ElementType.Int64,
        Dims = { values.Length },
        RawData = ByteString.CopyFrom([.. values.SelectMany(BitConverter.GetBytes)]),
    };

    private static TypeProto Floats => new() { TensorType = new() { ElemType = (int)ElementType.Float } };
}
