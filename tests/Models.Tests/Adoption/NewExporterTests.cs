using System.Globalization;
using Fovea.Models.Graphs;
using Fovea.Models.Onnx;
using Fovea.Models.Runtime;
using Google.Protobuf;

namespace Fovea.Models.Tests.Adoption;

/// <summary>The form in which PyTorch's newer exporter writes the plain network: operator set 18, the weights in model.onnx.data.</summary>
public sealed class NewExporterTests
{
    [Theory]
    [InlineData(true, false)]
    [InlineData(false, false)]
    [InlineData(true, true)]
    public void Network_of_the_newer_exporter_answers_right(bool freeBatch, bool functions)
    {
        using var folder = new TemporaryFolder();
        var path = Write(folder, freeBatch, functions);
        ForeignNetwork.AssertAnswer(ForeignNetwork.Softmax(), ForeignNetwork.Answer(path));
        using var model = Classifier.Load(path, ForeignNetwork.Json());
        Assert.Null(model.FixedBatch);
        OnnxFile.Write(ModelAdoption.Read(path, ForeignNetwork.Json()).Graph, folder["adopted/model.onnx"]);
        ForeignNetwork.AssertAnswer(ForeignNetwork.Softmax(), ForeignNetwork.Answer(folder["adopted/model.onnx"]));
    }

    private static string Write(TemporaryFolder folder, bool freeBatch, bool functions)
    {
        var plain = ForeignNetwork.Build();
        var model = new ModelProto { IrVersion = 10, ProducerName = "pytorch", Graph = new() { Name = "main_graph" } };
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = "", Version = 18 });
        var constraints = "pkg.torch.export.ExportedProgram.range_constraints";
        model.MetadataProps.Add(new StringStringEntryProto { Key = constraints, Value = "s77: VR[0, inf]" });
        var batch = freeBatch ? new TensorShapeProto.Types.Dimension { DimParam = "s77" } : new() { DimValue = 1 };
        model.Graph.Input.Add(Declared("x", batch, 3, 8, 8));
        model.Graph.Output.Add(Declared("linear", batch, 4));
        using (var data = File.Create(folder["model.onnx.data"]))
        {
            AddWeight(model, data, "0.weight", plain, "w1");
            AddWeight(model, data, "0.bias", plain, "b1");
            AddWeight(model, data, "4.weight", plain, "w2");
            AddWeight(model, data, "4.bias", plain, "b2");
        }

        model.Graph.Initializer.Add(new TensorProto { Name = "val_2", DataType = 7, Dims = { 2 }, RawData = Longs(2, 3) });
        model.Graph.Initializer.Add(new TensorProto { Name = "val_5", DataType = 7, Dims = { 2 }, RawData = Longs(freeBatch ? -1 : 1, 6) });
        AddNodes(model.Graph);
        if (functions)
        {
            UseFunction(model);
        }

        File.WriteAllBytes(folder["model.onnx"], model.ToByteArray());
        return folder["model.onnx"];
    }

    // x -> conv -> relu -> mean over both axes -> view -> linear
    private static void AddNodes(GraphProto graph)
    {
        var keep = new AttributeProto { Name = "keepdims", Type = AttributeProto.Types.AttributeType.Int, I = 1 };
        var zero = new AttributeProto { Name = "allowzero", Type = AttributeProto.Types.AttributeType.Int, I = 1 };
        var pads = new AttributeProto { Name = "auto_pad", Type = AttributeProto.Types.AttributeType.String };
        pads.S = ByteString.CopyFromUtf8("NOTSET");
        NodeProto[] nodes =
        [
            new() { Name = "node_conv", OpType = "Conv", Input = { "x", "0.weight", "0.bias" }, Output = { "conv" }, Attribute = { pads } },
            new() { Name = "node_relu", OpType = "Relu", Input = { "conv" }, Output = { "relu" } },
            new() { Name = "node_mean", OpType = "ReduceMean", Input = { "relu", "val_2" }, Output = { "mean" }, Attribute = { keep } },
            new() { Name = "node_view", OpType = "Reshape", Input = { "mean", "val_5" }, Output = { "view" }, Attribute = { zero } },
            new() { Name = "node_linear", OpType = "Gemm", Input = { "view", "4.weight", "4.bias" }, Output = { "linear" } },
        ];
        graph.Node.AddRange(nodes);
    }

    // An earlier version of the exporter wrote PyTorch's operators as functions of the file.
    private static void UseFunction(ModelProto model)
    {
        var relu = model.Graph.Node.First(node => node.OpType == "Relu");
        (relu.OpType, relu.Domain) = ("aten_relu", "pkg.onnxscript.torch_lib");
        var function = new FunctionProto { Name = relu.OpType, Domain = relu.Domain, Input = { "self" }, Output = { "result" } };
        function.Node.Add(new NodeProto { OpType = "Relu", Input = { "self" }, Output = { "result" } });
        function.OpsetImport.Add(new OperatorSetIdProto { Domain = "", Version = 18 });
        model.Functions.Add(function);
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = relu.Domain, Version = 1 });
    }

    private static void AddWeight(ModelProto model, FileStream data, string name, Graph plain, string source)
    {
        var tensor = plain.Initializers.First(i => i.Key.Name == source).Value;
        var stored = new TensorProto { Name = name, DataType = 1, DataLocation = TensorProto.Types.DataLocation.External };
        stored.Dims.AddRange(tensor.Shape.ToInt64());
        stored.ExternalData.Add(
        [
            new StringStringEntryProto { Key = "location", Value = "model.onnx.data" },
            new StringStringEntryProto { Key = "offset", Value = data.Position.ToString(CultureInfo.InvariantCulture) },
            new StringStringEntryProto { Key = "length", Value = tensor.Bytes.Length.ToString(CultureInfo.InvariantCulture) },
        ]);
        data.Write(tensor.Bytes.Span);
        model.Graph.Initializer.Add(stored);
    }

    private static ValueInfoProto Declared(string name, TensorShapeProto.Types.Dimension batch, params int[] others)
    {
        var shape = new TensorShapeProto { Dim = { batch } };
        shape.Dim.AddRange(others.Select(d => new TensorShapeProto.Types.Dimension { DimValue = d }));
        return new() { Name = name, Type = new() { TensorType = new() { ElemType = 1, Shape = shape } } };
    }

    private static ByteString Longs(params long[] values) => ByteString.CopyFrom([.. values.SelectMany(BitConverter.GetBytes)]);
}
