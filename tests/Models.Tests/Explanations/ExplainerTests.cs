using Fovea.Models.Errors;
using Fovea.Models.Explanations;
using Fovea.Models.Graphs;
using Fovea.Models.Imaging;
using Fovea.Models.Runtime;
using Fovea.Models.Tests.Adoption;

namespace Fovea.Models.Tests.Explanations;

public sealed class ExplainerTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(Shape.Free)]
    [InlineData(1)]
    [InlineData(3)]
    public void Grad_cam_is_the_colour_of_each_cell(int batch)
    {
        using var model = ColorNetwork.Load(folder, batch: batch);
        using var explainer = new Explainer(model);
        var red = Explain(explainer, 0);
        var blue = Explain(explainer, 1);
        Assert.Equal(("red", 0, ExplanationMethod.GradCam, "cells/relu"), (red.Label, red.Class, red.Method, red.Layer));
        Assert.Equal((ColorNetwork.Cells, ColorNetwork.Cells), (red.Map.Height, red.Map.Width));
        Assert.Equal(new InputRegion(0.25, 0, 0.75, 1), red.Map.Region);
        AssertBright(red.Map, row: 2, column: 4);
        AssertBright(blue.Map, row: 5, column: 1);
        Assert.Equal(1, red.Probability + blue.Probability, 1e-6);
    }

    [Fact]
    public void Class_defaults_to_the_likeliest_one()
    {
        using var model = ColorNetwork.Load(folder, (g, means) => g.Gemm(
            means, g.Initializer("w", Tensor.Of(new Shape(2, 2), 10, 0, 0, 20))));
        using var explainer = new Explainer(model);
        foreach (var method in Enum.GetValues<ExplanationMethod>())
        {
            var found = Explain(explainer, null, method);
            Assert.Equal(("blue", 1), (found.Label, found.Class));
            Assert.Equal(model.Classify(ColorNetwork.Png(ColorNetwork.Picture()), new(), 1)[0].Probability, found.Probability, 1e-6);
        }
    }

    // The energy that a file carries in its logits depends on every feature, and says nothing about a class.
    [Fact]
    public void Energy_in_the_logits_changes_no_map()
    {
        using var plain = ColorNetwork.Load(folder);
        using var plainExplainer = new Explainer(plain);
        var expected = Explain(plainExplainer, 0).Map;
        using var model = ColorNetwork.Load(folder, (g, means) =>
        {
            var ten = g.Initializer("ten", Tensor.Of(new Shape(2, 2), 10, 0, 0, 10));
            var energy = g.ReduceSum(means * means, [1], keep: true) * g.Scalar(50);
            return g.LogSoftmax(g.Gemm(means, ten, name: "head")) + -energy;
        });
        using var explainer = new Explainer(model);
        Assert.All(expected.Values.Zip(Explain(explainer, 0).Map.Values), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
    }

    [Theory]
    [InlineData(ExplanationMethod.Rise)]
    [InlineData(ExplanationMethod.IntegratedGradients)]
    public void Other_methods_find_the_same_places_in_the_pixels_of_the_input(ExplanationMethod method)
    {
        using var model = ColorNetwork.Load(folder);
        using var explainer = new Explainer(model);
        var map = Explain(explainer, 0, method).Map;
        Assert.Equal((ColorNetwork.Side, ColorNetwork.Side), (map.Height, map.Width));
        int hottest = Array.IndexOf(map.Values, 1);
        Assert.InRange(hottest / map.Width, 7, 16);
        Assert.InRange(hottest % map.Width, 15, 24);
    }

    [Fact]
    public void Rise_repeats_by_its_seed()
    {
        using var model = ColorNetwork.Load(folder);
        using var explainer = new Explainer(model);
        var input = ColorNetwork.Input(model, ColorNetwork.Png(ColorNetwork.Picture()));
        float[] Map(long seed) => explainer.Explain(
            input, new() { Method = ExplanationMethod.Rise, Seed = seed }, TestContext.Current.CancellationToken).Map.Values;
        Assert.Equal(Map(1), Map(1));
        Assert.NotEqual(Map(1), Map(2));
    }

    [Fact]
    public void Integrated_gradients_add_up_to_the_logit_gained_over_black()
    {
        using var model = Classifier.Load(Path.Combine(AppContext.BaseDirectory, "onnx/lenet5/1/model.onnx"));
        using var explainer = new Explainer(model);
        float[] input = ColorNetwork.Input(model, File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "samples/7.png")));
        float[] black = [.. input.Select(_ => model.Preprocessing.Normalized(0, 0))], plain = new float[10], dark = new float[10];
        model.Run(input, 1, plain);
        model.Run(black, 1, dark);
        foreach (int target in (int[])[7, 3])
        {
            var (logits, values) = explainer.Attributions(input, target, TestContext.Current.CancellationToken);
            Assert.Equal(plain[target], logits[target], 1e-3f);
            double gained = plain[target] - dark[target];
            Assert.InRange(values.Sum(), gained - (0.1 * Math.Abs(gained)), gained + (0.1 * Math.Abs(gained)));
        }
    }

    [Fact]
    public void Softmax_in_the_file_and_saturation_do_not_change_the_map()
    {
        var logits = Map(ForeignNetwork.Build(), null, 2);
        Assert.Equal(logits.Values, Map(ForeignNetwork.Build((g, z) => [g.Softmax(z * 100)]), null, 2).Values, Close);
        Assert.Equal(logits.Values, Map(ForeignNetwork.Build((g, z) => [g.Sigmoid(z)]), null, 2).Values, Close);
    }

    [Fact]
    public void One_output_speaks_for_the_second_of_two_classes_and_its_negative_for_the_first()
    {
        var one = Map(ForeignNetwork.Build((g, z) => [g.Sigmoid(z)], classes: 1), ["bee"], 0);
        var first = Map(ForeignNetwork.Build((g, z) => [g.Sigmoid(z)], classes: 1), ["ant", "bee"], 0);
        var second = Map(ForeignNetwork.Build((g, z) => [g.Sigmoid(z)], classes: 1), ["ant", "bee"], 1);
        Assert.Equal(one.Values, second.Values, Close);
        Assert.All(first.Values.Zip(second.Values), pair => Assert.Equal(0, pair.First * pair.Second));
        Assert.Equal(1, Math.Max(first.Values.Max(), second.Values.Max()));
        Assert.NotEqual(first.Values, second.Values);
    }

    [Fact]
    public void Operator_without_a_gradient_is_named_and_rise_explains_all_the_same()
    {
        // An operator with a shape rule but no gradient rule. If it gets one, put another such operator here.
        const string Op = "LpNormalization";
        Assert.False(OperatorTable.Rows.Single(row => row.Name == Op).IsDifferentiable, $"{Op} has a gradient rule; expected none.");
        using var model = ColorNetwork.Load(folder, (g, means) => g.Gemm(
            g.Add(Op, [means], name: "odd").Output, g.Initializer("w", Tensor.Of(new Shape(2, 2), 10, 0, 0, 10))));
        using var explainer = new Explainer(model);
        foreach (var method in (ExplanationMethod[])[ExplanationMethod.GradCam, ExplanationMethod.IntegratedGradients])
        {
            var error = Assert.Throws<FoveaException>(() => Explain(explainer, 0, method));
            Assert.Equal(ErrorCode.BadModelFile, error.Code);
            Assert.Contains($"odd ({Op}) has no gradient rule", error.Message, StringComparison.Ordinal);
            Assert.Contains("rise", error.Message, StringComparison.Ordinal);
        }

        Assert.Equal(1, Explain(explainer, 0, ExplanationMethod.Rise).Map.Values.Max());
    }

    [Fact]
    public void Layer_is_named_by_its_node_and_an_unknown_one_is_refused_with_the_near_ones()
    {
        using var model = ColorNetwork.Load(folder);
        using var explainer = new Explainer(model);
        var input = ColorNetwork.Input(model, ColorNetwork.Png(ColorNetwork.Picture()));
        var stop = TestContext.Current.CancellationToken;
        Assert.Equal("cells", explainer.Explain(input, new() { Layer = "cells" }, stop).Layer);
        var error = Assert.Throws<FoveaException>(() => explainer.Explain(input, new() { Layer = "cell" }, stop));
        Assert.Equal(ErrorCode.BadArgument, error.Code);
        Assert.Contains("no feature map named cell (did you mean cells", error.Message, StringComparison.Ordinal);
        error = Assert.Throws<FoveaException>(
            () => explainer.Explain(input, new() { Layer = "cells", Method = ExplanationMethod.Rise }, stop));
        Assert.Contains("expected no layer, or grad-cam", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("blue", 1)]
    [InlineData("BLUE", 1)]
    [InlineData("0", 0)]
    public void Class_is_found_by_label_or_index(string name, int expected)
    {
        using var model = ColorNetwork.Load(folder);
        using var explainer = new Explainer(model);
        Assert.Equal(expected, explainer.ClassOf(name));
    }

    [Theory]
    [InlineData("bleu", "did you mean blue?")]
    [InlineData("2", "a number from 0 to 1")]
    [InlineData("-1", "a number from 0 to 1")]
    public void Unknown_class_is_refused(string name, string words)
    {
        using var model = ColorNetwork.Load(folder);
        using var explainer = new Explainer(model);
        Assert.Contains(words, Assert.Throws<FoveaException>(() => explainer.ClassOf(name)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void True_map_is_judged_better_than_a_random_one_and_a_blob_in_the_middle()
    {
        using var model = ColorNetwork.Load(folder);
        using var explainer = new Explainer(model);
        var input = ColorNetwork.Input(model, ColorNetwork.Png(ColorNetwork.Picture()));
        var stop = TestContext.Current.CancellationToken;
        var found = explainer.Explain(input, new() { Class = 0 }, stop);
        var score = explainer.Judge(input, 0, found.Map, stop);
        foreach (var other in (HeatMap[])[Faithfulness.RandomMap(8, 8, 3), Faithfulness.CentredMap(8, 8)])
        {
            var worse = explainer.Judge(input, 0, other, stop);
            Assert.True(score.Insertion > worse.Insertion, $"{score} and {worse}");
            Assert.True(score.Deletion < worse.Deletion, $"{score} and {worse}");
        }

        Assert.InRange(score.AverageDrop, 0, 1);
    }

    [Fact]
    public async Task Many_threads_get_the_same_explanation()
    {
        using var model = ColorNetwork.Load(folder);
        using var explainer = new Explainer(model, onAllCores: false);
        var expected = Explain(explainer, 0).Map.Values;
        var maps = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(() => Explain(explainer, 0).Map.Values)));
        Assert.All(maps, map => Assert.Equal(expected, map));
    }

    private static bool Close(float a, float b) => Math.Abs(a - b) < 1e-3f;

    private static Attribution Explain(Explainer explainer, int? target, ExplanationMethod method = ExplanationMethod.GradCam) =>
        explainer.Explain(
            ColorNetwork.Png(ColorNetwork.Picture()), new ImageLimits(), new() { Class = target, Method = method },
            TestContext.Current.CancellationToken);

    // The square covers four cells, and resizing mixes a little of its surroundings into their edges.
    private static void AssertBright(HeatMap map, int row, int column)
    {
        for (int i = 0; i < map.Values.Length; i++)
        {
            bool isInside = i / map.Width - row is 0 or 1 && i % map.Width - column is 0 or 1;
            Assert.True(isInside ? map.Values[i] > 0.8 : map.Values[i] < 0.2, $"{i}: {map.Values[i]}");
        }
    }

    private HeatMap Map(Graph graph, string[]? labels, int target)
    {
        using var model = Classifier.Load(graph.Write(folder), ForeignNetwork.Json(labels));
        using var explainer = new Explainer(model);
        return explainer.Explain(
            ForeignNetwork.Image, new ImageLimits(), new() { Class = target }, TestContext.Current.CancellationToken).Map;
    }
}
