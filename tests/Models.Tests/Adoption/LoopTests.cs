using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Onnx;
using Fovea.Models.Runtime;
using Google.Protobuf;

namespace Fovea.Models.Tests.Adoption;

/// <summary>Files with Loop nodes, whose repetitions replace them.</summary>
public sealed class LoopTests
{
    private const string Doubled = "doubled";

    public static TheoryData<string, string> Conditions => new()
    {
        // The number of repetitions, and the condition under which the first and each further one runs; empty: none.
        { "3", "yes" },
        { "3", "" },
        { "", "i < 2" },
        { "9223372036854775807", "i < 2" },
        { "5", "i < 2" },
    };

    [Theory, MemberData(nameof(Conditions))]
    public void Constant_number_of_repetitions_is_unrolled(string count, string condition)
    {
        using var folder = new TemporaryFolder();
        var path = Eighth().Write(folder, model => AddDoubling(model, count, condition));
        ForeignNetwork.AssertAnswer(ForeignNetwork.Softmax(), ForeignNetwork.Answer(path));
        var adopted = ModelAdoption.Read(path, ForeignNetwork.Json());
        Assert.Contains("The node doubling (Loop) is replaced by the nodes of its 3 repetitions.", adopted.Findings.Changed);
        Assert.DoesNotContain(adopted.Graph.Nodes, node => node.Op == "Loop");
        Assert.Equal(Shape.Free, adopted.Graph.Inputs[0].Shape[0]);
    }

    [Fact]
    public void Loop_inside_a_loop_is_unrolled()
    {
        using var folder = new TemporaryFolder();
        var path = Eighth().Write(folder, model =>
        {
            // One repetition that repeats three times
            AddDoubling(model, "3", "yes");
            var inner = model.Graph.Node[0];
            var body = new GraphProto
            {
                Input = { Named("j"), Named("going"), Named("y") },
                Output = { Named("going"), Named("z") },
            };
            var copy = inner.Clone();
            (copy.Input[2], copy.Output[0]) = ("y", "z");
            body.Node.Add(copy);
            model.Graph.Node[0] = Loop("outer", ["one", "", "data"], Doubled, body);
            model.Graph.Initializer.Add(Whole("one", 1));
        });
        ForeignNetwork.AssertAnswer(ForeignNetwork.Softmax(), ForeignNetwork.Answer(path));
    }

    [Fact]
    public void Loop_over_the_images_runs_for_a_whole_batch_at_once()
    {
        using var folder = new TemporaryFolder();
        var path = Eighth().Write(folder, model =>
        {
            // The images are taken one by one, multiplied by 8, and stacked again.
            model.Graph.Initializer.Add([Whole("zero", 0), Number("eight", 8)]);
            var body = new GraphProto
            {
                Input = { Named("i"), Named("going") },
                Output = { Named("going"), Named("scaled") },
                Node = { Node("Gather", ["data", "i"], "image"), Node("Mul", ["image", "eight"], "scaled") },
            };
            NodeProto[] nodes =
            [
                Node("Shape", ["data"], "shape"), Node("Gather", ["shape", "zero"], "images"),
                Loop("each", ["images", ""], Doubled, body),
            ];
            Prepend(model, nodes);
        });
        ForeignNetwork.AssertAnswer(ForeignNetwork.Softmax(), ForeignNetwork.Answer(path));
        using var model = Classifier.Load(path, ForeignNetwork.Json());
        Assert.Null(model.FixedBatch);
    }

    [Theory]
    [InlineData("the number", "repeats as often as steps says, which depends on the image; expected a constant number of repetitions.")]
    [InlineData("the end", "ends when going is false, which depends on the image; expected a constant number of repetitions.")]
    [InlineData("a million times", "the loops and lists of the file unroll to more than 20000 nodes; expected fewer.")]
    [InlineData("an empty body", "the loops and lists of the file unroll to more than 20000 nodes; expected fewer.")]
    [InlineData("nothing to stack", "joins a list of no tensors; expected at least one.")]
    public void Loop_that_cannot_be_unrolled_is_refused_with_the_reason(string what, string reason)
    {
        using var folder = new TemporaryFolder();
        var path = Eighth().Write(folder, model =>
        {
            AddDoubling(model, what is "a million times" or "an empty body" ? "1000000" : what == "nothing to stack" ? "0" : "3", "yes");
            var loop = model.Graph.Node[0];
            switch (what)
            {
                case "the number":
                    Prepend(model, Node("ReduceMax", ["data"], "brightest"), Node("Cast", ["brightest"], "steps", ("to", 7)));
                    loop.Input[0] = "steps";
                    break;
                case "the end":
                    Prepend(model, Node("ReduceMax", ["data"], "brightest"), Node("Cast", ["brightest"], "going", ("to", 9)));
                    loop.Input[1] = "going";
                    break;
                case "an empty body":
                    var body = loop.Attribute[0].G;
                    body.Node.Clear();
                    (body.Output[0].Name, body.Output[1].Name) = (body.Input[1].Name, body.Input[2].Name);
                    break;
                case "nothing to stack":
                    loop.Attribute[0].G.Output.Add(Named("twice"));
                    loop.Output.Add("all");
                    break;
            }
        });
        var error = Assert.Throws<FoveaException>(() => ForeignNetwork.Answer(path));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void List_of_tensors_becomes_a_stack()
    {
        using var folder = new TemporaryFolder();
        var path = Eighth().Write(folder, model =>
        {
            // [4 data, 8 data] as a list; its second element, found at position -1
            model.Graph.Initializer.Add([Whole("last", -1), Number("four", 4), Number("two", 2)]);
            Prepend(
                model,
                Node("SequenceEmpty", [], "none"), Node("Mul", ["data", "four"], "fourfold"), Node("Mul", ["fourfold", "two"], "eightfold"),
                Node("SequenceInsert", ["none", "eightfold"], "some"), Node("SequenceLength", ["some"], "length"),
                Node("SequenceInsert", ["some", "fourfold", "zero"], "both"), Node("SequenceAt", ["both", "last"], Doubled));
            model.Graph.Initializer.Add(Whole("zero", 0));
        });
        ForeignNetwork.AssertAnswer(ForeignNetwork.Softmax(), ForeignNetwork.Answer(path));
    }

    // The plain network, which takes an eighth of the value "doubled".
    private static Graph Eighth() => ForeignNetwork.Build(
        input: g => g.Input("data", ElementType.Float, new Shape(-1, 3, ForeignNetwork.Side, ForeignNetwork.Side)) * 0.125f);

    // Adds a Loop that doubles the images three times before the network.
    private static void AddDoubling(ModelProto model, string count, string condition)
    {
        model.Graph.Initializer.Add([Number("factor", 2), Whole("limit", 2), Truth("yes")]);
        var body = new GraphProto
        {
            Input = { Named("i"), Named("going"), Named("x") },
            Output = { Named("still"), Named("twice") },
            Node =
            {
                Node("Mul", ["x", "factor"], "twice"),
                condition == "i < 2" ? Node("Less", ["i", "limit"], "still") : Node("Identity", ["going"], "still"),
            },
        };
        if (count.Length > 0)
        {
            model.Graph.Initializer.Add(Whole("count", long.Parse(count, System.Globalization.CultureInfo.InvariantCulture)));
        }

        Prepend(model, Loop("doubling", [count.Length > 0 ? "count" : "", condition == "yes" ? "yes" : "", "data"], Doubled, body));
    }

    // Puts nodes before the others. The network's first node, which multiplies the images, takes the value "doubled".
    private static void Prepend(ModelProto model, params NodeProto[] nodes)
    {
        foreach (var node in model.Graph.Node.Where(node => node.OpType == "Mul" && node.Input[0] == "data"))
        {
            node.Input[0] = Doubled;
        }

        NodeProto[] all = [.. nodes, .. model.Graph.Node];
        model.Graph.Node.Clear();
        model.Graph.Node.AddRange(all);
    }

    private static NodeProto Loop(string name, string[] inputs, string output, GraphProto body) => new()
    {
        Name = name,
        OpType = "Loop",
        Input = { inputs },
        Output = { output },
        Attribute = { new AttributeProto { Name = "body", Type = AttributeProto.Types.AttributeType.Graph, G = body } },
    };

    private static NodeProto Node(string op, string[] inputs, string output, params (string Name, long Value)[] attributes) => new()
    {
        OpType = op,
        Input = { inputs },
        Output = { output },
        Attribute =
        {
            attributes.Select(a => new AttributeProto { Name = a.Name, I = a.Value, Type = AttributeProto.Types.AttributeType.Int }),
            (op == "ReduceMax" ? [new AttributeProto { Name = "keepdims", Type = AttributeProto.Types.AttributeType.Int }] : []),
        },
    };

    private static ValueInfoProto Named(string name) => new() { Name = name };

    private static TensorProto Whole(string name, long value) =>
        new() { Name = name, DataType = (int)ElementType.Int64, RawData = ByteString.CopyFrom(BitConverter.GetBytes(value)) };

    private static TensorProto Number(string name, float value) =>
        new() { Name = name, DataType = (int)ElementType.Float, RawData = ByteString.CopyFrom(BitConverter.GetBytes(value)) };

    private static TensorProto Truth(string name) =>
        new() { Name = name, DataType = (int)ElementType.Bool, RawData = ByteString.CopyFrom(1) };
}
