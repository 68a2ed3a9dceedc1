using Fovea.Models.Errors;
using Fovea.Models.Onnx;
using Fovea.Models.Runtime;
using static Fovea.Models.Tests.Adoption.MessageParts;

namespace Fovea.Models.Tests.Adoption;

/// <summary>Files with operators on lists of tensors (ONNX sequences).</summary>
public sealed class TensorListTests
{
    [Theory]
    [InlineData("equal parts")]
    [InlineData("a shorter last part")]
    [InlineData("given lengths")]
    [InlineData("single rows")]
    [InlineData("rows without their axis")]
    [InlineData("a map over the parts")]
    [InlineData("the last part erased")]
    public void List_of_parts_is_joined_to_the_same_tensor(string form)
    {
        using var folder = new TemporaryFolder();
        var path = Scaled(1).Write(folder, model => Add(model, form));
        UnmodifiedFile.AssertSameAnswer(path);
        var adopted = UnmodifiedFile.AssertTrainable(path);
        Assert.DoesNotContain(adopted.Nodes, node => node.Op.Contains("Sequence", StringComparison.Ordinal));
    }

    [Fact]
    public void List_of_the_images_runs_for_a_whole_batch_at_once()
    {
        using var folder = new TemporaryFolder();
        var path = Scaled(1).Write(folder, model => Add(model, "the images"));
        UnmodifiedFile.AssertSameAnswer(path);
        using var model = Classifier.Load(path, ForeignNetwork.Json());
        Assert.Null(model.FixedBatch);
    }

    [Fact]
    public void Parts_whose_lengths_depend_on_the_image_are_refused()
    {
        using var folder = new TemporaryFolder();
        var path = Scaled(1).Write(folder, model =>
        {
            model.Graph.Initializer.Add(Scalar("first", 0));
            Prepend(
                model, Node("ReduceMax", ["data"], ["brightest"], Whole("keepdims", 0)),
                Node("Cast", ["brightest"], ["length"], Whole("to", 7)),
                Node("SplitToSequence", ["data", "length"], ["parts"], Whole("axis", 2)),
                Node("SequenceAt", ["parts", "first"], [Replaced]));
        });
        var error = Assert.Throws<FoveaException>(() => ForeignNetwork.Answer(path));
        Assert.Contains(
            "expected an axis of at most 4096 elements and constant lengths that add up to it.", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Lists_of_too_many_parts_are_refused(bool isJoined)
    {
        using var folder = new TemporaryFolder();
        var path = Scaled(1).Write(folder, model =>
        {
            model.Graph.Initializer.Add(Numbers("long", new float[4096]));
            for (int i = 0; i < 8; i++)
            {
                NodeProto join = Node("ConcatFromSequence", ["parts0"], [$"all{i}"], Whole("axis", 0), Whole("new_axis", 1));
                Prepend(model, isJoined ? join : Node("SplitToSequence", ["long"], [$"parts{i + 1}"]));
            }

            Prepend(model, Node("SplitToSequence", ["long"], ["parts0"]));
        });
        var error = Assert.Throws<FoveaException>(() => ForeignNetwork.Answer(path));
        Assert.Contains("the loops and lists of the file unroll to more than 20000 nodes", error.Message, StringComparison.Ordinal);
    }

    private static void Add(ModelProto model, string form)
    {
        model.Graph.Initializer.Add([Scalar("three", 3), Scalar("four", 4), Vector("lengths", 1, 5, 2), Numbers("two", 2)]);
        NodeProto split = form switch
        {
            "equal parts" => Node("SplitToSequence", ["data", "four"], ["parts"], Whole("axis", -1)),
            "given lengths" => Node("SplitToSequence", ["data", "lengths"], ["parts"], Whole("axis", 2)),
            "single rows" => Node("SplitToSequence", ["data"], ["parts"], Whole("axis", 2)),
            "rows without their axis" => Node("SplitToSequence", ["data"], ["parts"], Whole("axis", 2), Whole("keepdims", 0)),
            "the images" => Node("SplitToSequence", ["data"], ["parts"]),
            _ => Node("SplitToSequence", ["data", "three"], ["parts"], Whole("axis", 2)),
        };
        NodeProto[] between = form switch
        {
            "a map over the parts" =>
            [
                Node("SequenceMap", ["parts", "two"], ["mapped"], Body(Graph(["part", "factor"], ["product"],
                    Node("Mul", ["part", "factor"], ["product"])))),
            ],
            "the last part erased" => [Node("SequenceErase", ["parts"], ["mapped"])],
            _ => [Node("Identity", ["parts"], ["mapped"])],
        };
        long axis = form switch { "equal parts" => -1, "the images" => 0, _ => 2 };
        var join = Node("ConcatFromSequence", ["mapped"], [Replaced], Whole("axis", axis));
        if (form == "rows without their axis")
        {
            join.Attribute.Add(Whole("new_axis", 1));
        }

        Prepend(model, [split, .. between, join]);
    }
}
