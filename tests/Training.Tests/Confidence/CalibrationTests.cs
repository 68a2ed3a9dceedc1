using Fovea.Models.Architectures;
using Fovea.Models.Graphs;
using Fovea.Models.Heads;
using Fovea.Models.Layers;
using Fovea.Models.Runtime;
using Fovea.Models.Summary;
using Fovea.Models.Weights;
using Fovea.Training.Confidence;
using Microsoft.ML.OnnxRuntime;
using ModelMetadata = Fovea.Models.Metadata.ModelMetadata;
using Tensor = Fovea.Models.Graphs.Tensor;

namespace Fovea.Training.Tests.Confidence;

public sealed class CalibrationTests : IDisposable
{
    private const int Features = 24, Classes = 3;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Temperature_makes_confidence_the_share_of_right_answers()
    {
        // The classes are drawn from the softmax of the logits divided by 3.
        var random = new SeededRandom(1);
        var logits = Enumerable.Range(0, 4_000).Select(_ => Draw(ref random, Classes, 4)).ToArray();
        int[] targets = [.. logits.Select(row => Pick(ProbabilityRule.Softmax(Array.ConvertAll(row, x => x / 3)), random.NextDouble()))];
        var images = new HeldOutPredictions(logits, targets);
        var fitted = FittedCalibration.Of(images, "a drawing", density: null, energies: []);
        Assert.Equal(3, fitted.Calibration.Temperature, 0.2);
        Assert.Null(fitted.Calibration.Outlier);
        Assert.True(fitted.Fit.ErrorBefore > 0.1, $"{fitted.Fit.ErrorBefore}");
        Assert.True(fitted.Fit.ErrorAfter < 0.03, $"{fitted.Fit.ErrorAfter}");
    }

    // If all of 100 images are classified correctly, the best probability for the correct one of two classes is 101/102, so the logits
    // differ by log(101).
    [Theory, InlineData(0.5f), InlineData(8)]
    public void Images_that_are_all_right_give_no_certainty(float difference)
    {
        float[][] logits = [.. Enumerable.Range(0, 100).Select(i => i % 2 == 0 ? new[] { difference, 0 } : [0, difference])];
        int[] targets = [.. Enumerable.Range(0, 100).Select(i => i % 2)];
        Assert.Equal(difference / Math.Log(101), TemperatureOf(new(logits, targets)), 1e-3);
    }

    [Fact]
    public void Temperature_of_independent_labels_is_fitted_by_their_sigmoids()
    {
        float[][] logits = [.. Enumerable.Range(0, 100).Select(i => new[] { i % 2 == 0 ? 8f : -8, i % 3 == 0 ? 8f : -8 })];
        int[][] labels = [.. Enumerable.Range(0, 100).Select(i => Enumerable.Range(0, 2).Where(l => i % (l + 2) == 0).ToArray())];
        Assert.Equal(8 / Math.Log(101), TemperatureOf(new(logits, new int[100], labels)), 1e-3);
    }

    [Fact]
    public void Temperature_stays_1_for_few_images()
    {
        float[][] logits = [.. Enumerable.Range(0, 63).Select(i => i % 2 == 0 ? new[] { 8f, 0 } : [0, 8f])];
        Assert.Equal(1, TemperatureOf(new(logits, [.. Enumerable.Range(0, 63).Select(i => i % 2)])));
    }

    // 80 of 100 images are right, so logits that differ by log(4) would fit all of them together. But the wrong images are one of the five
    // parts of the cross-validation, and a temperature that was fitted to the other parts makes their loss larger.
    [Fact]
    public void Temperature_stays_1_where_it_does_not_help_other_images()
    {
        float[][] logits = [.. Enumerable.Range(0, 100).Select(_ => new[] { 2f, 0 })];
        Assert.Equal(1, TemperatureOf(new(logits, [.. Enumerable.Range(0, 100).Select(i => i % 5 == 0 ? 1 : 0)])));
    }

    // 96 of 100 images are right with a probability of 95 %. The loss of the 4 others is so large that a temperature of 1.9 gives the
    // lowest loss, at which the right ones have only 83 %.
    [Fact]
    public void Temperature_stays_1_where_it_would_make_confidence_wrong()
    {
        float[][] logits = [.. Enumerable.Range(0, 100).Select(i => new[] { i % 24 == 0 && i < 96 ? -12f : 3, 0 })];
        var images = new HeldOutPredictions(logits, new int[100]);
        var fit = FittedCalibration.Of(images, "a drawing", density: null, energies: []).Fit;
        Assert.Equal(1, fit.Temperature);
        Assert.True(fit.ErrorAfter < 0.05, $"{fit.ErrorAfter}");
    }

    // A new image is above the largest of 19 energies once in 20 times, and above the second largest twice.
    [Theory, InlineData(19, 19), InlineData(39, 38), InlineData(5, 5)]
    public void Threshold_accepts_a_new_image_in_19_of_20_cases(int images, int threshold)
    {
        var random = new SeededRandom(4);
        float[][] known = [.. Enumerable.Range(0, images).Select(_ => Known(ref random))];
        var predictions = new HeldOutPredictions([.. known.Select(_ => new[] { 1f, 0 })], new int[images]);
        var fitted = FittedCalibration.Of(
            predictions, "a drawing", new FeatureDensity(known), [.. Enumerable.Range(1, images).Select(i => (double)i)]);
        Assert.Equal(threshold, fitted.Calibration.Outlier!.Threshold);
    }

    [Fact]
    public void Calibration_error_is_the_mean_distance_of_confidence_and_accuracy()
    {
        // Softmax of (0, log 3) is (0.25, 0.75): of four images with this confidence, two are right.
        float[][] logits = [.. Enumerable.Range(0, 4).Select(_ => new[] { 0, MathF.Log(3) })];
        int[] targets = [1, 1, 0, 0];
        Assert.Equal(0.25, new HeldOutPredictions(logits, targets).CalibrationError(1), 1e-6);
    }

    [Fact]
    public void Thresholds_give_precision_and_recall()
    {
        double[] probabilities = [0.9, 0.6, 0.4, 0.8];
        float[][] logits = [.. probabilities.Select(p => new[] { (float)Math.Log(p), (float)Math.Log(1 - p) })];
        int[] targets = [0, 1, 0, 0];
        var curve = ThresholdCurve.All(new HeldOutPredictions(logits, targets), 1)[0];
        Assert.Equal(new ThresholdPoint(0, 0.75, 1), curve.Points[0]);
        Assert.Equal(new ThresholdPoint(0.5, 2 / 3.0, 2 / 3.0), curve.Points[10]);
        Assert.Equal(new ThresholdPoint(0.85, 1, 1 / 3.0), curve.Points[17]);
        Assert.Equal(new ThresholdPoint(0.95, null, 0), curve.Points[19]);
    }

    [Fact]
    public void Energy_of_the_graph_is_that_of_the_density_and_the_softmax_stays()
    {
        var random = new SeededRandom(2);
        float[][] known = [.. Enumerable.Range(0, 200).Select(_ => Known(ref random))];
        var density = new FeatureDensity(known);
        var graph = new Graph("classifier");
        var features = graph.Flatten(graph.Input("input", ElementType.Float, new Shape(Shape.Free, 1, 4, Features / 4)));
        var weights = graph.Initializer("w", Tensor.Of(new Shape(Classes, Features), Draw(ref random, Classes * Features, 1)));
        graph.Output(graph.Add("Gemm", [features, weights], [("transB", 1L)], "head", outputs: "logits").Output);
        var plain = Run(graph, known[0]);
        density.AppendTo(graph, features);
        Assert.Equal("logits", graph.Outputs[0].Name);
        Assert.Equal(Features, ClassifierHead.Find(graph).FeatureCount);
        Assert.Equal(Classes, ClassifierHead.Find(graph).Classes);
        foreach (var row in known.Take(10).Append(Draw(ref random, Features, 1)))
        {
            Assert.Equal(density.Energy(row), ProbabilityRule.Energy(Run(graph, row)), 1e-3 * density.Energy(row));
        }

        Assert.All(
            ProbabilityRule.Softmax(plain).Zip(ProbabilityRule.Softmax(Run(graph, known[0]))), p => Assert.Equal(p.First, p.Second, 1e-5));
    }

    [Fact]
    public void Calibrated_network_has_the_layers_and_the_head_of_the_network_itself()
    {
        var network = Catalog.Find("lenet5").Build(seed: 1);
        var head = ClassifierHead.Find(network);
        var expected = NetworkSummary.Of(network);
        var random = new SeededRandom(4);
        var density = new FeatureDensity([.. Enumerable.Range(0, 40).Select(_ => Draw(ref random, head.FeatureCount, 1))]);
        density.AppendTo(network, head.Features);
        var summary = NetworkSummary.Of(network);
        Assert.Equal(SummaryTable.ToText(expected), SummaryTable.ToText(summary));
        Assert.Equal(44_426, summary.TotalParameters);
        Assert.Equal((head.Features, head.Classes), (ClassifierHead.Find(network).Features, ClassifierHead.Find(network).Classes));

        // Weights imported from a calibrated file equal the weights of the network before calibration.
        OnnxFile.Write(network, folder["calibrated.onnx"]);
        WeightsImport.Write(
            Catalog.Find("lenet5"), folder["calibrated.onnx"], new ImportOptions(), folder["imported.onnx"], _ => { });
        Assert.Equal(
            Catalog.Find("lenet5").Build(seed: 1).Initializers.Values.Select(w => w.Bytes.ToArray()),
            OnnxFile.Read(folder["imported.onnx"]).Initializers.Values.Select(w => w.Bytes.ToArray()));
    }

    [Fact]
    public void Known_images_have_an_energy_of_about_one_and_others_a_higher_one()
    {
        var random = new SeededRandom(3);
        float[][] known = [.. Enumerable.Range(0, 400).Select(_ => Known(ref random))];
        var density = new FeatureDensity(known[..300]);
        double highest = known[300..].Select(density.Energy).Order().ElementAt(95);
        Assert.Equal(1, known[300..].Average(density.Energy), 0.15);
        int outliers = Enumerable.Range(0, 100).Count(_ => density.Energy(Draw(ref random, Features, 1)) > highest);
        Assert.True(outliers >= 95, $"{outliers}");
    }

    [Theory]
    [InlineData("""{"temperature": 0}""", "temperature 0; expected a number above 0")]
    [InlineData("""{"temperature": -2.5}""", "temperature -2.5; expected a number above 0")]
    [InlineData("""{"outlier": {}}""", "fovea.calibration")]
    [InlineData("hot", "fovea.calibration")]
    public void Calibration_that_cannot_be_used_is_refused_by_name(string json, string message)
    {
        var error = Assert.Throws<Fovea.Models.Errors.FoveaException>(() => ModelMetadata.Read([new("fovea.calibration", json)]));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    // Features that vary in few directions around a point, as those of similar photos do.
    private static float[] Known(ref SeededRandom random)
    {
        float a = random.Normal(), b = random.Normal();
        var row = new float[Features];
        for (int i = 0; i < Features; i++)
        {
            row[i] = 3 + (a * MathF.Sin(i)) + (b * MathF.Cos(2 * i)) + (0.1f * random.Normal());
        }

        return row;
    }

    private static float[] Draw(ref SeededRandom random, int count, float deviation)
    {
        var row = new float[count];
        for (int i = 0; i < count; i++)
        {
            row[i] = deviation * random.Normal();
        }

        return row;
    }

    private static int Pick(double[] probabilities, double number)
    {
        int picked = 0;
        for (double sum = probabilities[0]; sum < number && picked < probabilities.Length - 1; sum += probabilities[picked])
        {
            picked++;
        }

        return picked;
    }

    private static float[] Run(Graph graph, float[] row)
    {
        using var session = Sessions.Open(graph);
        using var options = new RunOptions();
        using var input = OrtValue.CreateTensorValueFromMemory(row, [1, 1, 4, row.Length / 4]);
        using var outputs = session.Run(options, session.InputNames, [input], session.OutputNames);
        return outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }

    private static double TemperatureOf(HeldOutPredictions images) =>
        FittedCalibration.Of(images, "a drawing", density: null, energies: []).Calibration.Temperature;
}
