using Fovea.Models.Architectures;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Onnx;
using Fovea.Models.Runtime;
using Google.Protobuf;

namespace Fovea.Models.Tests.Adoption;

public sealed class FileFormTests
{
    [Fact]
    public void Tensors_in_another_file_are_read()
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build().Write(folder, model => Move(model, folder, "weights.bin", "weights.bin"));
        ForeignNetwork.AssertAnswer(ForeignNetwork.Softmax(), ForeignNetwork.Answer(path));
        using var model = Classifier.Load(path, ForeignNetwork.Json());
        File.WriteAllBytes(folder["weights.bin"], new byte[new FileInfo(folder["weights.bin"]).Length]);
        Assert.Contains("has changed", Assert.Throws<FoveaException>(() => model.Open(SessionKind.OneCore)).Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../weights.bin")]
    [InlineData("inside/../../weights.bin")]
    [InlineData("/etc/passwd")]
    [InlineData("..\\weights.bin")]
    [InlineData("C:\\weights.bin")]
    [InlineData("")]
    public void Tensors_outside_the_folder_are_refused(string location)
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build().Write(folder, model => Move(model, folder, "weights.bin", location));
        var error = Assert.Throws<FoveaException>(() => ForeignNetwork.Answer(path));
        Assert.Contains("in the same folder", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Tensors_that_are_missing_or_too_short_are_refused()
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build().Write(folder, model => Move(model, folder, "weights.bin", "weights.bin"));
        File.WriteAllBytes(folder["weights.bin"], new byte[10]);
        Assert.Contains("within the 10", Assert.Throws<FoveaException>(() => ForeignNetwork.Answer(path)).Message,
            StringComparison.Ordinal);
        File.Delete(folder["weights.bin"]);
        Assert.Contains("cannot be read", Assert.Throws<FoveaException>(() => ForeignNetwork.Answer(path)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Nodes_out_of_order_are_sorted()
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build((g, z) => [g.Softmax(z)]).Write(folder, model =>
        {
            var nodes = model.Graph.Node.Reverse().ToArray();
            model.Graph.Node.Clear();
            model.Graph.Node.AddRange(nodes);
        });
        ForeignNetwork.AssertAnswer(ForeignNetwork.Softmax(), ForeignNetwork.Answer(path));
    }

    [Fact]
    public void Nodes_in_a_circle_are_refused()
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build().Write(folder, model => model.Graph.Node[0].Input[0] = model.Graph.Node[1].Output[0]);
        Assert.Contains("before a node computes it", Assert.Throws<FoveaException>(() => ForeignNetwork.Answer(path)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Calls_of_local_functions_are_replaced_by_their_nodes()
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build((g, z) => [g.Softmax(z)]).Write(folder, UseFunctions);
        ForeignNetwork.AssertAnswer(ForeignNetwork.Softmax(), ForeignNetwork.Answer(path));
        Assert.Contains(ModelAdoption.Read(path, ForeignNetwork.Json()).Graph.Nodes, node => node.Op == "LeakyRelu");
    }

    [Fact]
    public void Functions_that_call_themselves_are_refused()
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build().Write(folder, model =>
        {
            UseFunctions(model);
            model.Functions[1].Node.Add(new NodeProto { OpType = "Act", Domain = "own", Input = { "x" }, Output = { "z" } });
        });
        Assert.Contains("unfolds to more than", Assert.Throws<FoveaException>(() => ForeignNetwork.Answer(path)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Weights_that_are_listed_as_inputs_are_weights()
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build().Write(folder, model =>
        {
            model.IrVersion = 3;
            model.Graph.Input.AddRange(model.Graph.Initializer.Select(Declared));
        });
        ForeignNetwork.AssertAnswer(ForeignNetwork.Softmax(), ForeignNetwork.Answer(path));
    }

    [Fact]
    public void Branch_that_depends_on_shapes_alone_is_taken()
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build((g, z) => [g.Apply("Equal", [g.Apply("Shape", [z], ("start", 1L)), g.Constant(Tensor.Of(4))]), z])
            .Write(folder, AddBranch);
        ForeignNetwork.AssertAnswer(ForeignNetwork.Softmax(), ForeignNetwork.Answer(path));
    }

    [Fact]
    [Trait("Needs", "time")]
    public void File_in_Foveas_form_is_served_as_it_is()
    {
        using var folder = new TemporaryFolder();
        var graph = ForeignNetwork.Build();
        ForeignNetwork.Json().WriteTo(graph);
        Assert.True(ModelAdoption.IsOwn(graph.Write(folder)));
        foreach (var architecture in Catalog.Architectures.Where(a => a.Name is "lenet5" or "resnet18" or "googlenet" or "vgg11"))
        {
            OnnxFile.Write(architecture.Build(classes: 3), folder["own.onnx"]);
            Assert.True(ModelAdoption.IsOwn(folder["own.onnx"]));
        }
    }

    private static void Move(ModelProto model, TemporaryFolder folder, string file, string location)
    {
        using var weights = File.Create(folder[file]);
        foreach (var tensor in model.Graph.Initializer)
        {
            var bytes = tensor.RawData.ToByteArray();
            tensor.RawData = ByteString.Empty;
            tensor.DataLocation = TensorProto.Types.DataLocation.External;
            tensor.ExternalData.Add(
                [Entry("location", location), Entry("offset", $"{weights.Position}"), Entry("length", $"{bytes.Length}")]);
            weights.Write(bytes);
        }
    }

    private static StringStringEntryProto Entry(string key, string value) => new() { Key = key, Value = value };

    // The ReLU becomes Act, which calls Leaky, whose slope is an attribute of the call.
    private static void UseFunctions(ModelProto model)
    {
        var relu = model.Graph.Node.First(node => node.OpType == "Relu");
        (relu.OpType, relu.Domain) = ("Act", "own");
        var slope = new AttributeProto { Name = "alpha", RefAttrName = "slope", Type = AttributeProto.Types.AttributeType.Float };
        var none = new AttributeProto { Name = "slope", F = 0, Type = AttributeProto.Types.AttributeType.Float };
        var leaky = new FunctionProto { Name = "Leaky", Domain = "own", Input = { "x" }, Output = { "y" }, Attribute = { "slope" } };
        leaky.Node.Add(new NodeProto { OpType = "LeakyRelu", Input = { "x" }, Output = { "y" }, Attribute = { slope } });
        var act = new FunctionProto { Name = "Act", Domain = "own", Input = { "x" }, Output = { "out" } };
        act.Node.Add(new NodeProto { OpType = "Identity", Input = { "x" }, Output = { "inner" } });
        act.Node.Add(new NodeProto { OpType = "Leaky", Domain = "own", Input = { "inner" }, Output = { "out" }, Attribute = { none } });
        model.Functions.Add([leaky, act]);
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = "own", Version = 1 });
        leaky.OpsetImport.Add(new OperatorSetIdProto { Domain = "", Version = 17 });
        act.OpsetImport.Add(leaky.OpsetImport[0]);
    }

    // output = if (condition) softmax(z) else z
    private static void AddBranch(ModelProto model)
    {
        var (condition, z) = (model.Graph.Output[0].Name, model.Graph.Output[1].Name);
        AttributeProto Branch(string name, string op) => new()
        {
            Name = name,
            Type = AttributeProto.Types.AttributeType.Graph,
            G = new()
            {
                Name = op,
                Node = { new NodeProto { OpType = op, Input = { z }, Output = { $"{op}_out" } } },
                Output = { new ValueInfoProto { Name = $"{op}_out" } },
            },
        };
        model.Graph.Node.Add(new NodeProto
        {
            OpType = "If",
            Input = { condition },
            Output = { "chosen" },
            Attribute = { Branch("then_branch", "Softmax"), Branch("else_branch", "Identity") },
        });
        model.Graph.Output.Clear();
        model.Graph.Output.Add(new ValueInfoProto { Name = "chosen" });
    }

    private static ValueInfoProto Declared(TensorProto tensor)
    {
        var shape = new TensorShapeProto();
        shape.Dim.AddRange(tensor.Dims.Select(d => new TensorShapeProto.Types.Dimension { DimValue = d }));
        return new() { Name = tensor.Name, Type = new() { TensorType = new() { ElemType = tensor.DataType, Shape = shape } } };
    }
}
