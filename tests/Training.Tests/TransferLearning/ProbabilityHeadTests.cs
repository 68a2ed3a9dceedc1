using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Heads;
using Fovea.Models.Imaging;
using Fovea.Models.Layers;
using Fovea.Models.Runtime;
using Fovea.Models.TrainingEvents;
using Fovea.Training.Datasets;
using Fovea.Training.Evaluations;
using Fovea.Training.Features;
using Fovea.Training.Optimizers;
using Fovea.Training.Recipes;
using Fovea.Training.TransferLearning;
using ModelMetadata = Fovea.Models.Metadata.ModelMetadata;
using Tensor = Fovea.Models.Graphs.Tensor;

namespace Fovea.Training.Tests.TransferLearning;

public sealed class ProbabilityHeadTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly CancellationTokenSource stopping = new();

    public ProbabilityHeadTests()
    {
        // The images of one class are dark or light, those of the other class lie between, so no linear head on the brightness tells them
        // apart.
        var random = new SeededRandom(1);
        foreach (var part in new[] { "train", "val" })
        {
            for (int i = 0; i < 16; i++)
            {
                Images.Write(folder[$"data/{part}/extreme/{i}.png"], (byte)((i % 2 == 0 ? 10 : 200) + random.Uniform(0, 40)));
                Images.Write(folder[$"data/{part}/middle/{i}.png"], (byte)(105 + random.Uniform(0, 40)));
            }
        }
    }

    public void Dispose()
    {
        folder.Dispose();
        stopping.Dispose();
    }

    [Theory, InlineData(100, true), InlineData(99, false)]
    public void Probabilities_of_many_old_classes_tell_what_the_features_do_not(int classes, bool areRead)
    {
        var told = FineTune("head", "model.onnx", classes);
        double accuracy = told.OfType<HeadTrained>().Single().ValidationAccuracy;
        Assert.Equal(areRead, accuracy == 1);
        Assert.Equal(areRead, told.OfType<HeadFound>().Last().Description.Contains("reads the probabilities", StringComparison.Ordinal));

        // The file computes what the head was trained on.
        using var model = Classifier.Load(folder["model.onnx"]);
        var validation = DatasetFolder.Open(folder["data"], model.Preprocessing).Validation!;
        var found = Evaluation.Of(model.Run, validation, model.Classes, stop: TestContext.Current.CancellationToken);
        Assert.Equal(accuracy, found.Accuracy);
        Assert.Equal(model.Metadata.Training!.Loss!.Value, found.Loss, 1e-4);

        // The density by which outliers are recognised describes the two features alone.
        var graph = OnnxFile.Read(folder["model.onnx"]);
        var head = ClassifierHead.Find(graph);
        Assert.Equal((areRead ? 2 + classes : 2, 2), (head.FeatureCount, head.ImageFeatureCount));
        Assert.Equal(new Shape(2), graph.Initializers.Keys.Single(value => value.Name == "energy.mean").Shape);
    }

    [Fact]
    public void Run_that_reads_probabilities_resumes_to_the_file_of_an_uninterrupted_run()
    {
        FineTune("full", "whole.onnx", 100);
        Assert.Throws<OperationCanceledException>(() => FineTune("full", "model.onnx", 100, tell: Stop, stopped: stopping));
        var told = FineTune("full", "model.onnx", 100, resume: true);
        Assert.Empty(told.OfType<HeadTrained>());
        Assert.Equal(File.ReadAllBytes(folder["whole.onnx"]), File.ReadAllBytes(folder["model.onnx"]));
        Assert.True(told.OfType<RunFinished>().Single().ValidationAccuracy == 1);
    }

    [Fact]
    public void Labels_that_are_independent_of_each_other_have_no_probabilities_to_read()
    {
        var network = Base(100);
        Assert.NotNull(network.HeadWithProbabilities(1));
        Assert.Null((network with { Metadata = network.Metadata with { Activation = Activation.Sigmoid } }).HeadWithProbabilities(1));
    }

    [Fact]
    public void Checkpoint_of_another_base_is_refused()
    {
        Assert.Throws<OperationCanceledException>(() => FineTune("full", "model.onnx", 100, tell: Stop, stopped: stopping));
        var error = Assert.Throws<FoveaException>(() => FineTune("full", "model.onnx", 99, resume: true));
        Assert.Contains("is the checkpoint of a run with base", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Roots_get_the_power_of_2_that_lets_them_vary_as_much_as_the_features()
    {
        // Variances: 25 + 9 of the features, 0.01 + 0.04 of the roots. The square root of 34 / 0.05 is 26.
        float[][] rows = [[5, 7, 0.5f, 0.3f], [-5, 1, 0.7f, 0.7f]];
        Assert.Equal(32, ProbabilityFeatures.Balance(rows, features: 2));
        Assert.Equal([-5, 1, 22.4f, 22.4f], ProbabilityFeatures.Scaled(new(rows, [0, 1]), features: 2, factor: 32).Rows[1]);
        Assert.Equal(1, ProbabilityFeatures.Balance([[1, 0.5f], [2, 0.5f]], features: 1));
    }

    private List<TrainingEvent> FineTune(
        string method,
        string output,
        int classes,
        Action<TrainingEvent>? tell = null,
        bool resume = false,
        CancellationTokenSource? stopped = null)
    {
        var network = Base(classes);
        var told = new List<TrainingEvent>();
        var options = new TrainingOptions(folder[output], "data", 2, 8, 1e-2, Optimizer.Create("sgd"), 1, resume);
        new FineTuner(network, DatasetFolder.OpenForTraining(folder["data"], network.Preprocessing), options, e =>
        {
            told.Add(e);
            tell?.Invoke(e);
        }).Run(Enum.Parse<FineTuningMethod>(method, ignoreCase: true), stopped?.Token ?? TestContext.Current.CancellationToken);
        return told;
    }

    private void Stop(TrainingEvent e)
    {
        if (e is StepDone)
        {
            stopping.Cancel();
        }
    }

    // A network whose features are the brightness b of the image, 0 to 1, and 1 - b. Its class k stands for images of the brightness
    // t = k / classes: the logits s (2 t b - t^2) give probabilities in proportion to exp(-s (b - t)^2).
    private BaseModel Base(int classes)
    {
        const float Sharpness = 200;
        var graph = new Graph("brightness");
        var x = graph.Input("input", ElementType.Float, new Shape(Shape.Free, 1, 28, 28));
        var both = graph.Conv(
            x,
            graph.Initializer("conv.weight", Tensor.Of(new Shape(2, 1, 1, 1), 1f, -1f)),
            graph.Initializer("conv.bias", Tensor.Of(new Shape(2), 0f, 1f)));
        var features = graph.Flatten(graph.Apply("GlobalAveragePool", [both]));
        float[] middles = [.. Enumerable.Range(0, classes).Select(k => (float)k / classes)];
        graph.Output(graph.Gemm(
            features,
            graph.Initializer("fc.weight", Tensor.Of(new Shape(classes, 2), [.. middles.SelectMany(t => new[] { 2 * Sharpness * t, 0 })])),
            graph.Initializer("fc.bias", Tensor.Of(new Shape(classes), Array.ConvertAll(middles, t => -Sharpness * t * t))),
            transB: true,
            name: "fc"));
        new ModelMetadata { Preprocessing = new() { Crop = [28, 28], Color = ColorOrder.Gray } }.WriteTo(graph);
        OnnxFile.Write(graph, folder["base.onnx"]);
        return BaseModel.Read(folder["base.onnx"]);
    }
}
