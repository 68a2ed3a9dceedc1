using System.Diagnostics;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Models.Tests;

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

    /// <summary>
    /// The number of trainable parameters with the paper's number of classes: torchvision's published number, or for networks that
    /// torchvision lacks, the sum over the paper's layers.
    /// </summary>
    private static readonly Dictionary<string, long> PublishedParameters = new()
    {
        ["lenet5"] = 44_426,
        ["alexnet"] = 62_378_344,
        ["alexnet-torchvision"] = 61_100_840,
        ["googlenet"] = 6_998_552,
        ["googlenet-bn"] = 6_624_904,
        ["vgg11"] = 132_863_336,
        ["vgg13"] = 133_047_848,
        ["vgg16"] = 138_357_544,
        ["vgg19"] = 143_667_240,
        ["resnet18"] = 11_689_512,
        ["resnet34"] = 21_797_672,
        ["resnet50"] = 25_557_032,
        ["resnet101"] = 44_549_160,
        ["resnet152"] = 60_192_808,
    };

    public static TheoryData<string> Names => new(Catalog.Architectures.Select(a => a.Name));

    [Theory]
    [MemberData(nameof(Names))]
    public void Network_has_the_published_number_of_parameters(string name)
    {
        var architecture = Catalog.Find(name);
        var summary = NetworkSummary.Of(architecture.Build());

        Assert.Equal(PublishedParameters[name], summary.TrainableParameters);
        Assert.Equal(architecture.Classes, summary.Classes);
        Assert.Equal(architecture.Input.Dimensions.Select(d => (int?)d), summary.Input!);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Written_network_passes_the_ONNX_checker_and_runs_with_any_batch_size(string name)
    {
        // Networks that flatten their feature maps have up to 570 MB of weights at the paper's size. With the smallest input they have the
        // same nodes and a fraction of the weights.
        using var folder = new TemporaryFolder();
        var architecture = Catalog.Find(name);
        bool flattens = name.StartsWith("vgg", StringComparison.Ordinal) || name.StartsWith("alexnet", StringComparison.Ordinal);
        var graph = architecture.Build(input: flattens ? Square(SmallestSide(architecture)) : null);
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
    public void Error_for_an_input_that_is_too_small_names_the_smallest_input(string name)
    {
        var architecture = Catalog.Find(name);
        int smallest = SmallestSide(architecture);

        Assert.Null(Refusal(architecture, architecture.Input[1]));
        var expected = $"expected at least [3, {smallest}, {smallest}].";
        Assert.All(
            Enumerable.Range(1, smallest - 1), side => Assert.EndsWith(expected, Refusal(architecture, side), StringComparison.Ordinal));
    }

    [Fact]
    public void Error_for_an_unknown_name_lists_the_known_names()
    {
        var error = Assert.Throws<FoveaException>(() => Catalog.Find("lenet6"));

        Assert.Equal(ErrorCode.UnknownArchitecture, error.Code);
        Assert.Contains("lenet5", error.Message, StringComparison.Ordinal);
    }

    private static Shape Square(int side) => new(3, side, side);

    private static int SmallestSide(Architecture architecture) =>
        Enumerable.Range(1, 300).First(side => Refusal(architecture, side) is null);

    /// <summary>The error for square images of this side; null if they are accepted.</summary>
    private static string? Refusal(Architecture architecture, int side)
    {
        try
        {
            architecture.Build(input: Square(side));
            return null;
        }
        catch (FoveaException e)
        {
            return e.Message;
        }
    }

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
