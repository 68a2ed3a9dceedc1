using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Imaging;
using Fovea.Models.Metadata;
using Fovea.Models.Runtime;

namespace Fovea.Models.Tests.Adoption;

public sealed class InputTests
{
    private const int Side = ForeignNetwork.Side;

    private static readonly Dictionary<string, Func<Graph, Value>> Inputs = new()
    {
        ["channels last"] = g => g.Transpose(Input(g, ElementType.Float, -1, Side, Side, 3), 0, 3, 1, 2),
        ["channels last, all sizes open"] = g => g.Transpose(Input(g, ElementType.Float, -1, -1, -1, -1), 0, 3, 1, 2),
        ["all sizes open"] = g => Input(g, ElementType.Float, -1, -1, -1, -1),
        ["one batch of 1"] = g => Input(g, ElementType.Float, 1, 3, Side, Side),
        ["one batch of 4"] = g => Input(g, ElementType.Float, 4, 3, Side, Side),
        ["bytes, channels first"] = g => g.Cast(Input(g, ElementType.UInt8, -1, 3, Side, Side), ElementType.Float) / g.Scalar(255),
        ["bytes, channels last"] = g =>
            g.Transpose(g.Cast(Input(g, ElementType.UInt8, -1, Side, Side, 3), ElementType.Float) / g.Scalar(255), 0, 3, 1, 2),
        ["bytes, transposed before the cast"] = g =>
            g.Cast(g.Transpose(Input(g, ElementType.UInt8, 1, Side, Side, 3), 0, 3, 1, 2), ElementType.Float) / g.Scalar(255),
        ["doubles"] = g => g.Cast(Input(g, ElementType.Double, -1, 3, Side, Side), ElementType.Float),
        ["integers"] = g => g.Cast(Input(g, ElementType.Int32, -1, 3, Side, Side), ElementType.Float) * (1 / 255f),
        ["one image"] = g => g.Apply("Unsqueeze", [Input(g, ElementType.Float, 3, Side, Side), g.Constant(Tensor.Of(0))]),
        ["one image, channels last"] = g => g.Apply(
            "Unsqueeze",
            [
                g.Transpose(
                    Input(g, ElementType.Float, Side, Side, 3) - g.Constant(Tensor.Of(new Shape(1, 1, 3), 0, 0, 0)), 2, 0, 1),
                g.Constant(Tensor.Of(0)),
            ]),
        ["one image of bytes"] = g => g.Reshape(
            g.Cast(Input(g, ElementType.UInt8, 3, Side, Side), ElementType.Float) / g.Scalar(255), new Shape(1, 3, Side, Side)),
        ["divided by 255 inside"] = g => Input(g, ElementType.Float, -1, 3, Side, Side) / g.Scalar(255),
        ["signed bytes"] = g => Dequantised(g, Input(g, ElementType.Int8, -1, 3, Side, Side)),
        ["signed bytes, channels last"] = g => g.Transpose(Dequantised(g, Input(g, ElementType.Int8, 1, Side, Side, 3)), 0, 3, 1, 2),
        ["divided by the root of a variance inside, channels last"] = g => g.Transpose(
            Input(g, ElementType.Float, -1, Side, Side, 3)
                / g.Apply("Max", [g.Sqrt(g.Constant(Tensor.Of(new Shape(1, 1, 1, 3), 65025, 65025, 65025))), g.Scalar(1e-7f)]),
            0, 3, 1, 2),
        ["-1 to 1 and back inside"] = g => ((Input(g, ElementType.Float, -1, 3, Side, Side) / g.Scalar(127.5f)) + -1f) * 0.5f + 0.5f,
        ["normalised per channel inside, channels last"] = g => g.Transpose(
            (Input(g, ElementType.Float, -1, Side, Side, 3) - g.Constant(Tensor.Of(new Shape(3), 120, 110, 100)))
            / g.Constant(Tensor.Of(new Shape(1, 1, 1, 3), 255, 255, 255)) + g.Constant(
                Tensor.Of(new Shape(3), 120 / 255f, 110 / 255f, 100 / 255f)),
            0, 3, 1, 2),
        ["resized inside"] = g => g.Apply(
            "Resize", [Input(g, ElementType.Float, -1, 3, -1, -1) / g.Scalar(255), null, null, g.Constant(Tensor.Of(0, 3, Side, Side))]),
    };

    public static TheoryData<string> Names => [.. Inputs.Keys.Where(name => name != "resized inside")];

    [Theory, MemberData(nameof(Names))]
    public void Input_of_another_form_gets_the_same_answer(string name)
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build(input: Inputs[name]).Write(folder);
        ForeignNetwork.AssertAnswer(ForeignNetwork.Softmax(), ForeignNetwork.Answer(path));
    }

    [Theory, MemberData(nameof(Names))]
    public void Adopted_file_is_one_of_Foveas_own_form_and_answers_alike(string name)
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build((g, z) => [g.Softmax(z)], Inputs[name]).Write(folder);
        OnnxFile.Write(ModelAdoption.Read(path, ForeignNetwork.Json()).Graph, folder["adopted.onnx"]);
        using var model = Classifier.Load(folder["adopted.onnx"]);
        Assert.Null(model.Findings);
        Assert.Equal(("input", "logits", (int?)null), (model.InputName, model.OutputName, model.FixedBatch));
        ForeignNetwork.AssertAnswer(
            ForeignNetwork.Softmax(), model.Classify(ForeignNetwork.Image, new(), 4).ToDictionary(p => p.Label, p => p.Probability));
    }

    [Fact]
    public void Transposition_and_cast_at_the_entry_are_left_out()
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build(input: Inputs["bytes, channels last"]).Write(folder);
        Assert.Equal(
            ["Div", "Conv", "Relu", "GlobalAveragePool", "Flatten", "Gemm"],
            ModelAdoption.Read(path, ForeignNetwork.Json()).Graph.Nodes.Select(node => node.Op));
    }

    [Fact]
    public void Half_precision_becomes_floats()
    {
        using var folder = new TemporaryFolder();
        var floats = ForeignNetwork.Build(input: g => Input(g, ElementType.Float16, -1, 3, Side, Side));
        var half = new Graph("half");
        var replaced = new Dictionary<Value, Value> { [floats.Inputs[0]] = Input(half, ElementType.Float16, -1, 3, Side, Side) };
        foreach (var (value, tensor) in floats.Initializers)
        {
            replaced[value] = half.Initializer(value.Name, ForeignNetwork.Half(tensor));
        }

        floats.CopyTo(half, replaced);
        half.Output(replaced[floats.Outputs[0]]);
        var path = half.Write(folder);
        ForeignNetwork.AssertAnswer(ForeignNetwork.Softmax(), ForeignNetwork.Answer(path), 2e-3);
        Assert.Contains(ModelAdoption.Read(path, ForeignNetwork.Json()).Findings.Changed, sentence =>
            sentence.Contains("Half", StringComparison.Ordinal));
    }

    [Fact]
    public void Range_of_pixels_is_read_from_the_graph_where_nothing_else_says_it()
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build(input: Inputs["-1 to 1 and back inside"]).Write(folder);
        var adopted = ModelAdoption.Read(path);
        Assert.True(adopted.IsComplete);
        Assert.Equal(1, adopted.Metadata.Preprocessing!.Scale);
        Assert.Contains("0 to 255", adopted.Findings.Found["valueRange"], StringComparison.Ordinal);
        ForeignNetwork.AssertAnswer(ForeignNetwork.Softmax(), ForeignNetwork.Answer(path, new() { Labels = [.. ForeignNetwork.Labels] }));
    }

    [Fact]
    public void Size_that_the_graph_resizes_to_is_the_crop()
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build(input: Inputs["resized inside"]).Write(folder);
        Assert.Equal([Side, Side], ModelAdoption.Read(path).Metadata.Preprocessing!.Crop);
    }

    [Fact]
    public void Size_or_range_that_nothing_says_is_needed()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("\"crop\"", Needs(ForeignNetwork.Build(input: Inputs["all sizes open"]).Write(folder)), StringComparison.Ordinal);
        Assert.Contains("\"scale\"", Needs(ForeignNetwork.Build().Write(folder)), StringComparison.Ordinal);
        var error = Assert.Throws<FoveaException>(() => Classifier.Load(folder["model.onnx"]));
        Assert.Contains("\"preprocessing\" in model.json", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Layout_that_may_be_either_is_refused_with_both_named()
    {
        using var folder = new TemporaryFolder();
        var g = new Graph("dense");
        var x = Input(g, ElementType.Float, -1, 3, 5, 3);
        g.Output(g.Apply("Gemm", [g.Flatten(x), g.Initializer("w", ForeignNetwork.Random(1, 1, 45, 4))]));
        var error = Assert.Throws<FoveaException>(() => ModelAdoption.Read(g.Write(folder), ForeignNetwork.Json()));
        Assert.Contains("NCHW or NHWC", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new[] { -1, Side, Side }, null)]
    [InlineData(new[] { 1, Side, Side }, null)]
    [InlineData(new[] { -1, Side * Side }, null)]
    [InlineData(new[] { -1, 3 * Side * Side }, "so that height x width x channels is 192")]
    [InlineData(new[] { 3, Side, Side }, "expected [3, 8, 8]")]
    public void Gray_images_of_fewer_axes_are_taken_and_others_refused(int[] shape, string? refusal)
    {
        using var folder = new TemporaryFolder();
        var path = Gray(shape).Write(folder);
        var json = new ModelMetadata { Preprocessing = new() { Crop = [Side, Side], Color = ColorOrder.Gray } };
        if (refusal is not null)
        {
            Assert.Contains(
                refusal, Assert.Throws<FoveaException>(() => ModelAdoption.Read(path, json)).Message, StringComparison.Ordinal);
            return;
        }

        var expected = ForeignNetwork.Answer(Gray([-1, 1, Side, Side]).Write(folder), json);
        path = Gray(shape).Write(folder);
        Assert.Equal(expected, ForeignNetwork.Answer(path, json));
        using var model = Classifier.Load(path, json);
        Assert.Null(model.FixedBatch);
    }

    // (q + 128) / 255
    private static Value Dequantised(Graph g, Value q) => g.Apply(
        "DequantizeLinear", [q, g.Scalar(1 / 255f), g.Constant(new Tensor(ElementType.Int8, Shape.Scalar, new byte[] { 128 }))]);

    private static Graph Gray(int[] shape)
    {
        var g = new Graph("gray");
        var x = Input(g, ElementType.Float, shape);
        int pixels = shape.Where(d => d > 0).Aggregate(1, (product, d) => product * d);
        g.Output(g.MatMul(
            g.Reshape(x, new Shape(-1, pixels)), g.Initializer("w", ForeignNetwork.Random(1, 1, pixels, 4))));
        return g;
    }

    private static string Needs(string path) => string.Join(' ', ModelAdoption.Read(path).Findings.Needs);

    private static Value Input(Graph g, ElementType type, params int[] shape) => g.Input("data", type, new Shape(shape));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Graph_that_takes_and_answers_one_image_without_a_batch_takes_any_number(bool isLast)
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build(
            (g, z) => [g.Softmax(g.Apply("Squeeze", [z, g.Constant(Tensor.Of(0))]), axis: 0)],
            Inputs[isLast ? "one image, channels last" : "one image"]).Write(folder);
        ForeignNetwork.AssertAnswer(ForeignNetwork.Softmax(), ForeignNetwork.Answer(path));
        using var model = Classifier.Load(path, ForeignNetwork.Json());
        Assert.Null(model.FixedBatch);
    }

    [Fact]
    public void Graph_of_one_image_that_cannot_be_freed_runs_each_image_alone()
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build(input: g => g.Apply(
            "Unsqueeze",
            [
                g.Apply("CumSum", [Input(g, ElementType.Float, 3, Side, Side) * 0, g.Constant(Tensor.Of(0))]),
                g.Constant(Tensor.Of(0)),
            ])).Write(folder);
        using var model = Classifier.Load(path, ForeignNetwork.Json());
        Assert.Equal(1, model.FixedBatch);
        var logits = new float[2 * 4];
        model.Run(new float[2 * model.Input.Size], 2, logits);
        Assert.Equal(logits[..4], logits[4..]);
    }

    [Fact]
    public void Gray_images_without_an_axis_for_the_channel_get_one()
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build(input: g => g.Apply(
            "Expand",
            [
                g.Apply("Unsqueeze", [Input(g, ElementType.Float, -1, Side, Side), g.Constant(Tensor.Of(1))]),
                g.Constant(Tensor.Of(1, 3, 1, 1)),
            ])).Write(folder);
        using var model = Classifier.Load(path, new() { Preprocessing = new() { Crop = [Side, Side], Color = ColorOrder.Gray } });
        Assert.Equal([1, Side, Side], model.Input.Dimensions);
        Assert.Null(model.FixedBatch);
    }
}
