using System.Diagnostics;
using Fovea.Models.Architectures;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Layers;
using Fovea.Models.Runtime;
using Fovea.Models.Summary;
using Microsoft.ML.OnnxRuntime;
using ModelMetadata = Fovea.Models.Metadata.ModelMetadata;

namespace Fovea.Models.Tests.Architectures;

public class CatalogTests
{
    // Debian's python3-onnx 1.12 supports operator set 17 and IR version 8.
    private const string Checker = """
        import onnx, sys
        model = onnx.load(sys.argv[1])
        assert [(o.domain, o.version) for o in model.opset_import] == [("", 17)], model.opset_import
        assert model.ir_version == 8, model.ir_version
        assert [o.name for o in model.graph.output] == ["logits"], model.graph.output
        onnx.checker.check_model(sys.argv[1], full_check=True)
        """;

    public static TheoryData<string> Names => new(Catalog.Architectures.Select(a => a.Name));

    [Theory]
    [MemberData(nameof(Names))]
    public void Network_has_the_published_number_of_parameters(string name)
    {
        var architecture = Catalog.Find(name);
        var summary = NetworkSummary.Of(architecture.Build());

        Assert.Equal(architecture.Parameters, summary.TrainableParameters);
        Assert.Equal(architecture.Classes, summary.Classes);
        Assert.Equal(architecture.Input.Dimensions.Select(d => (int?)d), summary.Input!);
    }

    [Theory]
    [MemberData(nameof(Names))]
    [Trait("Needs", "services")]
    public void Written_network_passes_the_ONNX_checker_and_runs_with_any_batch_size(string name)
    {
        // Networks that flatten their feature maps have up to 570 MB of weights at the paper's size. With a small input they have the same
        // nodes and a fraction of the weights.
        using var folder = new TemporaryFolder();
        var architecture = Catalog.Find(name);
        var graph = architecture.Build(input: Square(Math.Max(32, architecture.SmallestSide)), stem: Stem.ImageNet);
        OnnxFile.Write(graph, folder["model.onnx"]);
        using (var session = Sessions.OpenLarge(folder["model.onnx"]))
        {
            Assert.All((int[])[1, 3], batch => AssertRuns(session, graph, batch));
        }

        var check = new ProcessStartInfo("/usr/bin/python3", ["-c", Checker, folder["model.onnx"]]) { RedirectStandardError = true };
        using var python = Process.Start(check)!;
        var errors = python.StandardError.ReadToEnd();
        python.WaitForExit();
        Assert.True(python.ExitCode == 0, errors);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Network_can_be_built_with_other_classes_and_channels(string name)
    {
        var size = Catalog.Find(name).Input;
        var graph = Catalog.Find(name).Build(classes: 7, input: size.With(0, size[0] == 1 ? 3 : 1));
        var metadata = ModelMetadata.Read(graph.Metadata);

        Assert.Equal("logits Float[N, 7]", Assert.Single(graph.Outputs).ToString());
        Assert.Equal(name, metadata.Architecture);
        Assert.Equal(size[0] == 1 ? 3 : 1, metadata.Preprocessing!.Checked().Shape[0]);
        Assert.Null(metadata.Training);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Arguments_out_of_range_are_refused(string name)
    {
        var architecture = Catalog.Find(name);
        foreach (int classes in (int[])[int.MinValue, 0, 1, 100_001])
        {
            Assert.Equal(ErrorCode.BadArchitecture, Assert.Throws<FoveaException>(() => architecture.Build(classes)).Code);
        }

        Shape[] inputs = [
            new(2, 224, 224), new(3, 224), new(3, 0, 224), new(3, 5000, 224), new(3, -1, 224), new(3, 224, 224, 1), Shape.Unknown];
        foreach (var input in inputs)
        {
            Assert.Equal(ErrorCode.BadArchitecture, Assert.Throws<FoveaException>(() => architecture.Build(input: input)).Code);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Layers_fit_the_smallest_input_and_no_smaller_one(string name)
    {
        var architecture = Catalog.Find(name);

        Assert.Equal(architecture.SmallestSide, SmallestFitting(architecture, auxiliary: false));
        if (architecture.SmallestSideWithAuxiliary is { } smallest)
        {
            Assert.Equal(smallest, SmallestFitting(architecture, auxiliary: true));
        }
    }

    [Theory]
    [InlineData("vgg16", 31, 224, false, 32)]
    [InlineData("vgg16", 224, 31, false, 32)]
    [InlineData("lenet5", 15, 15, false, 16)]
    [InlineData("googlenet", 78, 224, true, 79)]
    [InlineData("googlenet", 46, 224, false, 47)]
    public void Error_for_an_input_that_is_too_small_names_the_smallest_input(string name, int height, int width, bool auxiliary, int side)
    {
        var error = Assert.Throws<FoveaException>(() => Catalog.Find(name).Build(input: new Shape(3, height, width), auxiliary: auxiliary));

        Assert.Equal(ErrorCode.BadArchitecture, error.Code);
        Assert.EndsWith($"expected at least [3, {side}, {side}].", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Names_of_weights_are_not_taken_for_names_of_old_files(string name)
    {
        var architecture = Catalog.Find(name);
        var renamed = architecture.Torchvision?.Renamed ?? (weight => weight);

        Assert.All(architecture.Build().Initializers.Keys, weight => Assert.Equal(weight.Name, renamed(weight.Name)));
    }

    [Theory]
    [InlineData("resnet18", 32, Stem.Auto, true, 11_173_962)]
    [InlineData("resnet18", 64, Stem.Auto, true, 11_173_962)]
    [InlineData("resnet18", 65, Stem.Auto, false, 11_181_642)]
    [InlineData("resnet18", 32, Stem.ImageNet, false, 11_181_642)]
    [InlineData("resnet18", 224, Stem.Small, true, 11_173_962)]
    [InlineData("resnet50", 32, Stem.Auto, true, 23_520_842)]
    public void Small_inputs_get_a_stem_that_keeps_their_size(string name, int side, Stem stem, bool isSmall, long parameters)
    {
        var graph = Catalog.Find(name).Build(classes: 10, Square(side), stem: stem);
        var summary = NetworkSummary.Of(graph);
        var conv = graph.Nodes.Single(node => node.Name == "conv1");

        Assert.Equal(parameters, summary.TrainableParameters);
        Assert.Equal(isSmall ? "small" : "imagenet", ModelMetadata.Read(graph.Metadata).Stem);
        Assert.Equal(isSmall ? [64, 3, 3, 3] : [64, 3, 7, 7], conv[1].Shape.Dimensions);
        Assert.Equal("conv1.weight", conv[1].Name);
        int kept = isSmall ? side : (((side + 1) / 2) + 1) / 2;
        var first = graph.Nodes.First(node => node.Name.StartsWith("block1/", StringComparison.Ordinal));
        Assert.Equal([64, kept, kept], first[0].Shape.Dimensions.Skip(1));
        Assert.Equal(
            Catalog.Find(name).Build(classes: 10, stem: Stem.ImageNet).Initializers.Keys.Select(weight => weight.Name),
            graph.Initializers.Keys.Select(weight => weight.Name));
    }

    [Fact]
    public void Network_without_a_small_stem_names_those_that_have_one()
    {
        var error = Assert.Throws<FoveaException>(() => Catalog.Find("vgg16").Build(input: Square(32), stem: Stem.Small));

        Assert.Equal("vgg16 has no small stem; expected one of resnet18, resnet34, resnet50, resnet101, resnet152.", error.Message);
        Assert.Null(ModelMetadata.Read(Catalog.Find("vgg16").Build(input: Square(32)).Metadata).Stem);
    }

    [Fact]
    public void Families_stand_in_the_order_of_their_years()
    {
        var names = Catalog.Architectures.Select(a => a.Name).ToArray();

        Assert.Equal(names, names.Distinct());
        Assert.Equal(["lenet5", "alexnet", "alexnet-torchvision", "googlenet", "googlenet-bn", "vgg11", "vgg13"], names[..7]);
    }

    [Fact]
    public void Error_for_an_unknown_name_lists_the_known_names()
    {
        var error = Assert.Throws<FoveaException>(() => Catalog.Find("lenet6"));

        Assert.Equal(ErrorCode.UnknownArchitecture, error.Code);
        Assert.Contains("lenet5", error.Message, StringComparison.Ordinal);
    }

    private static Shape Square(int side) => new(3, side, side);

    // Adds the layers to a graph without the check of the input, and searches the smallest square input for which all of them fit.
    private static int SmallestFitting(Architecture architecture, bool auxiliary) => Enumerable.Range(1, 300).First(side =>
    {
        try
        {
            var graph = new Graph("trial");
            var x = graph.Input("input", ElementType.Float, new Shape(Shape.Free, 3, side, side));
            architecture.Layers(new Network(graph, seed: 0, auxiliary), x, architecture.Classes);
            return true;
        }
        catch (FoveaException e) when (e.Code == ErrorCode.BadModelFile)
        {
            return false;
        }
    });

    private static void AssertRuns(InferenceSession session, Graph graph, int batch)
    {
        using var options = new RunOptions();
        var shape = graph.Inputs[0].Shape.With(0, batch);
        using var images = OrtValue.CreateTensorValueFromMemory(new float[shape.Size], shape.ToInt64());
        using var outputs = session.Run(options, session.InputNames, [images], session.OutputNames);

        Assert.Equal([batch, (long)graph.Outputs[0].Shape[1]], outputs[0].GetTensorTypeAndShape().Shape);
        Assert.All(outputs[0].GetTensorDataAsSpan<float>().ToArray(), logit => Assert.True(float.IsFinite(logit)));
    }
}
