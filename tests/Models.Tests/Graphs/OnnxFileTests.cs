using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Metadata;
using Fovea.Models.Onnx;
using Google.Protobuf;

namespace Fovea.Models.Tests.Graphs;

public sealed class OnnxFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Written_then_read_then_written_gives_the_same_bytes()
    {
        OnnxFile.Write(Small(), folder["a.onnx"]);
        OnnxFile.Write(OnnxFile.Read(folder["a.onnx"]), folder["b.onnx"]);

        Assert.Equal(File.ReadAllBytes(folder["a.onnx"]), File.ReadAllBytes(folder["b.onnx"]));
        Assert.Equal(File.ReadAllBytes(folder["a.onnx"]), OnnxFile.ToBytes(Small()));
    }

    [Fact]
    public void Nodes_values_weights_and_metadata_survive()
    {
        var written = Small();
        var read = RoundTrip(written);

        Assert.Equal(written.Nodes.Select(n => (n.Op, n.Name, n.Domain)), read.Nodes.Select(n => (n.Op, n.Name, n.Domain)));
        Assert.Equal(
            written.Nodes.SelectMany(n => n.Outputs).Select(v => v.ToString()),
            read.Nodes.SelectMany(n => n.Outputs).Select(v => v.ToString()));
        Assert.Equal(written.Initializers.Keys.Select(v => v.ToString()), read.Initializers.Keys.Select(v => v.ToString()));
        Assert.All(
            written.Initializers.Values.Zip(read.Initializers.Values),
            w => Assert.Equal(w.First.Bytes.ToArray(), w.Second.Bytes.ToArray()));
        Assert.Equal(written.Metadata, read.Metadata);
        Assert.Equal("[N, 1, 6, 6]", read.Inputs[0].Shape.ToString());
        Assert.Equal((8, "N"), (Proto(written).IrVersion, Proto(written).Graph.Input[0].Type.TensorType.Shape.Dim[0].DimParam));
        Assert.Equal(17, Assert.Single(Proto(written).OpsetImport).Version);
    }

    [Fact]
    public void Every_kind_of_attribute_survives_on_an_unknown_operator()
    {
        var graph = new Graph("attributes");
        var x = graph.Input("x", ElementType.Float, new Shape(1));
        graph.OperatorSets["com.example"] = 3;
        graph.Output(graph.Add(
            "Everything",
            [x, null, x],
            [
                ("i", -1L), ("f", 0.5f), ("s", "tëxt"), ("ints", new long[] { 1, -2 }), ("floats", new float[] { 0.25f, float.NaN }),
                ("strings", new[] { "a", "" }), ("t", Tensor.Of(new Shape(2), 1, 2))],
            "node",
            "com.example",
            "first",
            "",
            "third").Outputs[2]);

        var node = Assert.Single(RoundTrip(graph).Nodes);
        Assert.Equal(("com.example", -1L, 0.5f, "tëxt"), (node.Domain, node.Int("i"), node.Float("f", 0), node.Text("s", "")));
        Assert.Equal([1, -2], node.Ints("ints"));
        Assert.Equal([0.25f, float.NaN], (float[])node.Attributes["floats"]);
        Assert.Equal(["a", ""], (string[])node.Attributes["strings"]);
        Assert.Equal([1f, 2f], ((Tensor)node.Attributes["t"]).Floats.ToArray());
        Assert.Equal(["x", null, "x"], node.Inputs.Select(v => v?.Name));
        Assert.Equal(["first", "", "third"], node.Outputs.Select(v => v.Name));
        Assert.All(node.Outputs, v => Assert.Equal("?", v.Shape.ToString()));
        Assert.Equal(OnnxFile.ToBytes(graph), OnnxFile.ToBytes(RoundTrip(graph)));
    }

    [Fact]
    public void Declared_shape_is_used_if_it_cannot_be_inferred()
    {
        var proto = Proto(Small());
        proto.Graph.Node.Last().OpType = "Mystery";
        proto.Graph.Node.Last().Domain = "com.example";
        var read = Read(proto);

        Assert.Equal("logits Float[N, 3]", read.Outputs[0].ToString());
        Assert.Equal("logits Float[N, 3]", RoundTrip(read).Outputs[0].ToString());
    }

    [Fact]
    public void Weights_in_typed_fields_are_read_as_raw_bytes()
    {
        TensorProto[] typed =
        [
            new() { Name = "float", DataType = 1, FloatData = { 1.5f, -2 } },
            new() { Name = "double", DataType = 11, DoubleData = { 1.5, -2 } },
            new() { Name = "int64", DataType = 7, Int64Data = { 1L << 40, -2 } },
            new() { Name = "int32", DataType = 6, Int32Data = { 1 << 20, -2 } },
            new() { Name = "int16", DataType = 5, Int32Data = { 300, -2 } },
            new() { Name = "uint16", DataType = 4, Int32Data = { 300, 65534 } },
            new() { Name = "half", DataType = 10, Int32Data = { 0x3C00, 0xC000 } },
            new() { Name = "int8", DataType = 3, Int32Data = { 100, -2 } },
            new() { Name = "uint8", DataType = 2, Int32Data = { 100, 254 } },
            new() { Name = "bool", DataType = 9, Int32Data = { 1, 0 } },
        ];
        var proto = Proto(new Graph("typed"));
        foreach (var tensor in typed)
        {
            tensor.Dims.Add(2);
            proto.Graph.Initializer.Add(tensor);
        }

        proto.Graph.Initializer.Add(new TensorProto { Name = "scalar", DataType = 1, FloatData = { 3 } });
        proto.Graph.Initializer.Add(new TensorProto { Name = "empty", DataType = 7, Dims = { 0 } });

        byte[][] expected =
        [
            [.. BitConverter.GetBytes(1.5f), .. BitConverter.GetBytes(-2f)],
            [.. BitConverter.GetBytes(1.5), .. BitConverter.GetBytes(-2.0)],
            [.. BitConverter.GetBytes(1L << 40), .. BitConverter.GetBytes(-2L)],
            [.. BitConverter.GetBytes(1 << 20), .. BitConverter.GetBytes(-2)],
            [.. BitConverter.GetBytes((short)300), .. BitConverter.GetBytes((short)-2)],
            [.. BitConverter.GetBytes((ushort)300), .. BitConverter.GetBytes((ushort)65534)],
            [0x00, 0x3C, 0x00, 0xC0],
            [100, 254],
            [100, 254],
            [1, 0],
            BitConverter.GetBytes(3f),
            [],
        ];
        Assert.Equal(expected, Read(proto).Initializers.Values.Select(w => w.Bytes.ToArray()));
    }

    [Fact]
    public void Initializer_that_is_also_listed_as_an_input_is_a_weight()
    {
        var proto = Proto(Small());
        proto.IrVersion = 3;
        proto.Graph.Input.Add(new ValueInfoProto { Name = "conv.weight" });

        Assert.Equal(["input"], Read(proto).Inputs.Select(x => x.Name));
    }

    [Fact]
    public void Domain_ai_onnx_is_the_domain_of_standard_operators()
    {
        var proto = Proto(Small());
        proto.OpsetImport[0].Domain = "ai.onnx";
        foreach (var node in proto.Graph.Node)
        {
            node.Domain = "ai.onnx";
            node.Name = "";
        }

        var read = Read(proto);
        Assert.Equal("logits Float[N, 3]", read.Outputs[0].ToString());
        Assert.Equal(read.Nodes.Select(n => n.Output.Name), read.Nodes.Select(n => n.Name));
    }

    [Fact]
    public void Writing_copies_no_weights_and_reading_holds_them_once()
    {
        const int Megabytes = 64, Bytes = Megabytes << 20;
        var graph = new Graph("large");
        graph.Initializer("w", new Tensor(ElementType.UInt8, new Shape(Bytes), new byte[Bytes]));
        graph.Output(graph.Add("Identity", [graph.Initializers.Keys.Single()], name: "y").Output);

        Assert.InRange(Allocated(() => OnnxFile.Write(graph, folder["large.onnx"])), 0, Bytes / 10);
        Assert.InRange(Allocated(() => OnnxFile.Read(folder["large.onnx"])), Bytes, (long)(Bytes * 1.1));
        Assert.InRange(Allocated(() => OnnxFile.ToBytes(graph)), Bytes, (long)(Bytes * 1.1));
    }

    [Fact]
    public void Weights_of_2_GiB_are_refused_before_they_are_drawn()
    {
        var graph = new Graph("huge");
        graph.Initializer("w", Tensor.Drawn(new Shape(1 << 29), _ => Assert.Fail("The weights were drawn.")));

        var error = Assert.Throws<FoveaException>(() => OnnxFile.Write(graph, folder["huge.onnx"]));
        Assert.Equal(ErrorCode.CannotWrite, error.Code);
        Assert.Equal(ErrorCode.CannotWrite, Assert.Throws<FoveaException>(() => OnnxFile.ToBytes(graph)).Code);
        Assert.False(File.Exists(folder["huge.onnx"]));
    }

    // The counter is that of the current thread, so allocations of tests on other threads do not count.
    private static long Allocated(Action action)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        action();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private Graph RoundTrip(Graph graph)
    {
        OnnxFile.Write(graph, folder["round.onnx"]);
        return OnnxFile.Read(folder["round.onnx"]);
    }

    private Graph Read(ModelProto proto)
    {
        File.WriteAllBytes(folder["proto.onnx"], proto.ToByteArray());
        return OnnxFile.Read(folder["proto.onnx"]);
    }

    private static ModelProto Proto(Graph graph) => ModelProto.Parser.ParseFrom(OnnxFile.ToBytes(graph));

    /// <summary>
    /// A network with many kinds of nodes in less than 2 KB. Most bytes describe nodes, so a random byte rarely changes only a weight.
    /// </summary>
    internal static Graph Small()
    {
        var graph = new Graph("small");
        var x = graph.Input("input", ElementType.Float, new Shape(Shape.Free, 1, 6, 6));
        x = graph.Relu(
            graph.Conv(x, graph.Initializer("conv.weight", Tensor.Of(new Shape(1, 1, 2, 2), 1, 2, 3, 4)), name: "conv"), "conv/relu");
        x = graph.AveragePool(x, Window.Square(2, 2), ceil: true, name: "pool");
        x = graph.Slice(x, [0], [2], [3]);
        x = graph.Reshape(x, new Shape(0, -1));
        x = graph.Transpose(graph.Transpose(x, 1, 0), 1, 0) * 2;
        graph.Output(
            graph.Add(
                "Gemm", [x, graph.Initializer("fc.weight", Tensor.Of(new Shape(3, 6), new float[18]))], [("transB", 1L)], "fc",
                outputs: "logits").Output);
        new ModelMetadata { Labels = ["a", "b", "c"], Architecture = "small" }.WriteTo(graph);
        return graph;
    }
}
