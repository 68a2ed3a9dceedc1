using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Heads;
using Fovea.Models.Metadata;
using Fovea.Models.Onnx;
using Fovea.Models.Runtime;
using Google.Protobuf;

namespace Fovea.Models.Tests.Adoption;

public sealed class OutputTests
{
    private static readonly ModelMetadata WithoutLabels = ForeignNetwork.Json() with { Labels = null };

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    public void Scores_are_chosen_among_several_outputs(int form)
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build((g, z) => form switch
        {
            0 => [z, g.Softmax(z)],
            1 => [g.Softmax(z), z.Producer![0]],
            2 => [z, g.ArgMax(z, 1), z.Producer![0]],
            7 => [g.Apply("Identity", [z]), g.Softmax(z)],
            8 => [g.Apply("Identity", [z]), g.Reshape(z, new Shape(-1, 4))],
            4 => [g.OneHot(g.ArgMax(z, 1), 4)],
            5 => [g.Cast(g.ArgMax(z, 1), ElementType.Float)],
            6 => [g.Apply("QuantizeLinear", [g.Softmax(z), g.Scalar(1 / 256f), Zero(g)])],
            _ => [g.ArgMax(g.Softmax(z), 1)],
        }).Write(folder);
        ForeignNetwork.AssertAnswer(ForeignNetwork.Softmax(), ForeignNetwork.Answer(path));
    }

    [Fact]
    public void Two_outputs_that_may_both_be_scores_are_refused_with_both_named()
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build((g, z) => [z, Second(g, z, 4)]).Write(folder);
        var error = Assert.Throws<FoveaException>(() => ForeignNetwork.Answer(path));
        Assert.Contains("fc [N, 4] and other [N, 4]", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Number_of_labels_decides_between_outputs()
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build((g, z) => [Second(g, z, 5), z]).Write(folder);
        ForeignNetwork.AssertAnswer(ForeignNetwork.Softmax(), ForeignNetwork.Answer(path));
    }

    [Theory]
    [InlineData(new[] { 0, 4, 1, 1 })]
    [InlineData(new[] { 0, 1, 1, 4 })]
    [InlineData(new[] { 0, 1, 4 })]
    public void Scores_of_more_dimensions_are_flattened(int[] shape)
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build((g, z) => [g.Reshape(z, new Shape(shape))]).Write(folder);
        ForeignNetwork.AssertAnswer(ForeignNetwork.Softmax(), ForeignNetwork.Answer(path));
    }

    [Fact]
    public void Labels_are_read_from_a_ZipMap_and_a_text_constant()
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build((g, z) => [g.Softmax(z)]).Write(folder, AddZipMap);
        ForeignNetwork.AssertAnswer(ForeignNetwork.Softmax(), ForeignNetwork.Answer(path, WithoutLabels));
    }

    [Fact]
    public void Operators_of_other_domains_and_a_free_number_of_classes_are_measured()
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build((g, z) => [g.Apply("com.microsoft", "QuickGelu", [z], Shape.Unknown, ("alpha", 1e9f))]).Write(
            folder);
        double[] expected = ProbabilityRule.Softmax([.. ForeignNetwork.Logits().Select(z => Math.Max(z, 0))]);
        ForeignNetwork.AssertAnswer(expected, ForeignNetwork.Answer(path));
    }

    [Fact]
    public void Operator_of_an_unknown_domain_is_named()
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build((g, z) => [g.Apply("my.company", "Magic", [z], Shape.Unknown)]).Write(folder);
        var error = Assert.Throws<FoveaException>(() => ForeignNetwork.Answer(path));
        Assert.Contains(
            "is Magic of the domain my.company, an operator that ONNX Runtime does not have", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Output_of_pixels_is_no_classifier()
    {
        using var folder = new TemporaryFolder();
        var g = new Graph("edges");
        var x = g.Input("data", ElementType.Float, new Shape(-1, 3, 8, 8));
        g.Output(g.Conv(x, g.Initializer("w", ForeignNetwork.Random(1, 1, 2, 3, 3, 3))));
        var error = Assert.Throws<FoveaException>(() => ForeignNetwork.Answer(g.Write(folder)));
        Assert.Contains("expected the scores of classes", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Features_without_labels_are_a_base_and_no_classifier(bool flat)
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build((g, z) => [flat ? z.Producer![0] : z.Producer![0].Producer![0]]).Write(folder);
        var adopted = ModelAdoption.Read(path, WithoutLabels);
        Assert.Equal(0, adopted.Classes);
        Assert.Contains("base for finetune", Assert.Single(adopted.Findings.Needs), StringComparison.Ordinal);
        var head = ClassifierHead.At(adopted.Graph);
        Assert.Equal(ForeignNetwork.Filters, head.FeatureCount);
        var network = head.Replaced(
            new Shape(3, 8, 8), ForeignNetwork.Random(1, 1, 2, ForeignNetwork.Filters), ForeignNetwork.Random(2, 1, 2));
        Assert.Equal(new Shape(-1, 2), network.Outputs[0].Shape);
        Sessions.Open(network).Dispose();
    }

    [Fact]
    public void Features_with_as_many_labels_are_classes()
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build((_, z) => [z.Producer![0].Producer![0]]).Write(folder);
        Assert.Equal(6, ForeignNetwork.Answer(path, ForeignNetwork.Json(["a", "b", "c", "d", "e", "f"])).Count);
    }

    private static Value Zero(Graph g) => g.Constant(new Tensor(ElementType.UInt8, Shape.Scalar, new byte[1]));

    private static Value Second(Graph g, Value z, int classes) => g.Add(
        "Gemm", [z.Producer![0], g.Initializer("w3", ForeignNetwork.Random(7, 1, ForeignNetwork.Filters, classes))], name: "other").Output;

    private static void AddZipMap(ModelProto model)
    {
        var probabilities = model.Graph.Output[0].Name;
        var classes = new TensorProto { Name = "classes", DataType = 8, Dims = { 4 } };
        classes.StringData.AddRange(ForeignNetwork.Labels.Select(ByteString.CopyFromUtf8));
        model.Graph.Initializer.Add(classes);
        var labels = new AttributeProto { Name = "classlabels_strings", Type = AttributeProto.Types.AttributeType.Strings };
        labels.Strings.AddRange(ForeignNetwork.Labels.Select(ByteString.CopyFromUtf8));
        var axis = new AttributeProto { Name = "axis", Type = AttributeProto.Types.AttributeType.Int, I = 1 };
        model.Graph.Node.Add(new NodeProto { OpType = "ArgMax", Input = { probabilities }, Output = { "best" }, Attribute = { axis } });
        model.Graph.Node.Add(
            new NodeProto
            {
                OpType = "ArrayFeatureExtractor",
                Domain = "ai.onnx.ml",
                Input = { "classes", "best" },
                Output = { "classLabel" }
            });
        model.Graph.Node.Add(
            new NodeProto
            {
                OpType = "ZipMap",
                Domain = "ai.onnx.ml",
                Input = { probabilities },
                Output = { "loss" },
                Attribute = { labels }
            });
        model.Graph.Output.Clear();
        model.Graph.Output.Add([new ValueInfoProto { Name = "classLabel" }, new ValueInfoProto { Name = "loss" }]);
        model.OpsetImport.Add(new OperatorSetIdProto { Domain = "ai.onnx.ml", Version = 1 });
    }
}
