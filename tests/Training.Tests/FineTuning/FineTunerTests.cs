using Fovea.Models;
using Microsoft.ML.Data;
using Microsoft.ML.OnnxRuntime;
using ModelMetadata = Fovea.Models.ModelMetadata;
using Tensor = Fovea.Models.Tensor;

namespace Fovea.Training.Tests;

public sealed class FineTunerTests : IDisposable
{
    private static readonly string[] Labels = ["dark", "light", "middle"];

    private readonly TemporaryFolder folder = new();
    private readonly CancellationTokenSource stopping = new();

    public FineTunerTests()
    {
        Draw("data", new SeededRandom(1), [10, 200, 105], spread: 40);

        // Classes that overlap leave a head something to learn.
        Draw("alike", new SeededRandom(2), [40, 100, 70], spread: 80);
        OnnxFile.Write(Catalog.Find("lenet5").Build(), folder["base.onnx"]);
    }

    public void Dispose()
    {
        folder.Dispose();
        stopping.Dispose();
    }

    [Fact]
    public void Head_learns_new_classes_and_its_file_classifies_and_says_where_it_comes_from()
    {
        var told = FineTune("head", "model.onnx");
        Images.Write(folder["new.png"], 220);
        using var model = Classifier.Load(folder["model.onnx"]);
        Assert.Equal("light", model.Classify(File.ReadAllBytes(folder["new.png"]), new ImageLimits(), top: 1)[0].Label);

        var record = model.Metadata.Training!;
        Assert.Equal(("head", "base.onnx", "data", 24, 12), (record.Method, record.Base!.File, record.Dataset, record.Images, record.ValidationImages));
        Assert.Equal("lenet5", model.Metadata.Architecture);
        var validation = DatasetFolder.Open(folder["data"], model.Preprocessing).Validation!;
        var found = Evaluation.Of(model.Run, validation, model.Classes, stop: TestContext.Current.CancellationToken);
        Assert.Equal((found.Accuracy, 1), (record.Accuracy, found.Accuracy));
        Assert.Equal(found.Loss, record.Loss!.Value, 1e-4);
        Assert.Contains(told, e => e is HeadFound { Description: "the classifier is fc3 (Gemm, 84 -> 10); features: fc2/relu [N, 84]" });
    }

    [Fact]
    public void Only_the_head_changes_when_only_the_head_learns()
    {
        FineTune("head", "model.onnx");
        Assert.All(Changed("model.onnx"), name => Assert.StartsWith("fc3.", name, StringComparison.Ordinal));
    }

    [Fact]
    public void Everything_changes_when_everything_learns_and_does_better_than_the_head_alone()
    {
        var told = FineTune("full", "model.onnx", "alike", Options("model.onnx") with { Epochs = 4, LearningRate = 1e-3 });
        Assert.Equal(OnnxFile.Read(folder["model.onnx"]).Initializers.Keys.Where(w => w.Shape.Rank > 0).Select(w => w.Name), Changed("model.onnx"));
        Assert.True(told.OfType<RunFinished>().Single().ValidationLoss < told.OfType<HeadTrained>().Single().ValidationLoss);
        using var model = Classifier.Load(folder["model.onnx"]);
        Assert.Equal(("full", 4), (model.Metadata.Training!.Method, model.Metadata.Training.Epochs));
    }

    [Theory, InlineData(1f), InlineData(1e-9f)]
    public void Loss_falls_when_everything_learns_however_small_the_features_are(float size)
    {
        var network = OnnxFile.Read(folder["base.onnx"]);
        foreach (var weight in network.Initializers.Keys.Where(w => w.Name.StartsWith("fc2.", StringComparison.Ordinal)).ToArray())
        {
            var values = network.Initializers[weight].Floats.ToArray();
            network.Initializers[weight] = Tensor.Of(weight.Shape, Array.ConvertAll(values, value => value * size));
        }

        OnnxFile.Write(network, folder["base.onnx"]);

        var epochs = FineTune("full", "model.onnx", "alike", Options("model.onnx") with { Epochs = 4, LearningRate = 1e-3, Clip = 10 }).OfType<EpochDone>().ToArray();
        Assert.True(epochs[^1].Loss < epochs[0].Loss, $"The mean loss of the epochs is {string.Join(", ", epochs.Select(e => e.Loss))}.");
    }

    [Fact]
    public void Training_everything_never_ends_below_the_head_that_it_began_with()
    {
        var told = FineTune("full", "model.onnx", options: Options("model.onnx") with { LearningRate = 1, Clip = 10 });
        var (start, end) = (told.OfType<HeadTrained>().Single(), told.OfType<RunFinished>().Single());
        Assert.All(told.OfType<EpochDone>(), epoch => Assert.True(epoch.ValidationLoss > start.ValidationLoss));
        Assert.Equal(0, end.BestEpoch);
        Assert.Equal(start.ValidationLoss, end.ValidationLoss, 1e-4);
        using var model = Classifier.Load(folder["model.onnx"]);
        Assert.Null(model.Metadata.Training!.BestEpoch);
    }

    [Fact]
    public void Run_that_was_stopped_and_resumed_gives_the_file_of_one_that_was_not()
    {
        FineTune("full", "whole.onnx");
        var data = DatasetFolder.OpenForTraining(folder["data"], Base("base.onnx").Preprocessing);
        Assert.Throws<OperationCanceledException>(() => new FineTuner(Base("base.onnx"), data, Options("model.onnx"), Stop).Run(Method("full"), stopping.Token));
        FineTune("full", "model.onnx", options: Options("model.onnx") with { Resume = true });
        Assert.Equal(File.ReadAllBytes(folder["whole.onnx"]), File.ReadAllBytes(folder["model.onnx"]));
    }

    [Fact]
    public void Head_has_a_report_that_names_the_file_it_was_taken_from()
    {
        FineTune("head", "model.onnx");
        Assert.Contains("base.onnx", File.ReadAllText(Report.JsonOf(folder["model.onnx"])), StringComparison.Ordinal);
        Assert.True(File.Exists(Report.PageOf(folder["model.onnx"])));
    }

    [Theory, InlineData("head"), InlineData("full")]
    public void Same_run_gives_the_same_file(string method)
    {
        FineTune(method, "one.onnx");
        FineTune(method, "two.onnx");
        Assert.Equal(File.ReadAllBytes(folder["one.onnx"]), File.ReadAllBytes(folder["two.onnx"]));
    }

    [Fact]
    public void Checkpoint_of_another_base_is_refused()
    {
        var data = DatasetFolder.OpenForTraining(folder["data"], Base("base.onnx").Preprocessing);
        Assert.Throws<OperationCanceledException>(() => new FineTuner(Base("base.onnx"), data, Options("model.onnx"), Stop).Run(Method("full"), stopping.Token));
        OnnxFile.Write(Catalog.Find("lenet5").Build(seed: 7), folder["other.onnx"]);
        var refused = Assert.Throws<FoveaException>(() => new FineTuner(Base("other.onnx"), data, Options("model.onnx") with { Resume = true }, _ => { }).Run(Method("full"), TestContext.Current.CancellationToken));
        Assert.Contains("is the checkpoint of a run with base", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Grafted_head_gives_the_scores_of_MLNET()
    {
        var model = Base("base.onnx");
        var head = ClassifierHead.Find(model.Network);
        var train = DatasetFolder.OpenForTraining(folder["data"], model.Preprocessing).Train;
        using var extractor = new FeatureExtractor(head.Backbone(train.Preprocessing.Shape), head.FeatureCount, Device.Cpu);
        var features = extractor.Read(train, _ => { }, TestContext.Current.CancellationToken);

        var learner = new MaximumEntropy(features, Labels.Length, TestContext.Current.CancellationToken);
        var trained = learner.Train(1e-3f);
        var scores = trained.Transform(learner.View(features)).GetColumn<float[]>("Score").ToArray();
        var folded = learner.Folded(trained);
        var graph = head.Replaced(train.Preprocessing.Shape, Tensor.Of(new Shape(3, 84), folded.Weights), Tensor.Of(new Shape(3), folded.Bias));
        using var session = Sessions.Open(graph);
        Assert.All(Enumerable.Range(0, train.Count), i =>
        {
            var image = new float[train.Preprocessing.Shape.Size];
            train.Read(i, image);
            Assert.All(Outcome(session, image).Zip(scores[i]), pair => Assert.Equal(pair.Second, pair.First, 1e-4f));
        });
    }

    [Theory]
    [InlineData("auto", 900, 3, "head"), InlineData("auto", 1500, 3, "full"), InlineData("full", 9, 3, "full"), InlineData("head", 9000, 3, "head")]
    public void Method_is_the_one_asked_for_or_chosen_by_the_images_of_a_class(string name, int images, int classes, string expected)
    {
        var method = FineTuningMethod.Find(name, images, classes);
        Assert.Equal(expected, method.Name);
        Assert.Contains(name == "auto" ? $"{images / classes} images a class" : "as asked for", method.Reason, StringComparison.Ordinal);
    }

    public static TheoryData<string, string> Refusals => new()
    {
        { "a folder of one class", "has 1 class folders; expected at least 2" },
        { "a class of one image", "has no image to validate with" },
        { "a file that does not say how images become its input", "does not say how images become its input" },
        { "a network without a head", "has no classifier that can be replaced: its output" },
        { "a preprocessing of another size", "makes images of [1, 32, 32]; expected [1, 28, 28]" },
    };

    [Theory, MemberData(nameof(Refusals))]
    public void What_cannot_be_taught_is_refused_and_leaves_nothing_behind(string what, string why)
    {
        Images.Write(folder["one/only/1.png"], 1);
        Images.Write(folder["few/a/1.png"], 1);
        Images.Write(folder["few/b/1.png"], 1);
        var network = Catalog.Find("lenet5").Build();
        var metadata = ModelMetadata.Read(network.Metadata);
        if (what.StartsWith("a network", StringComparison.Ordinal))
        {
            network.Outputs[0] = network.Apply("Mul", [network.Outputs[0], network.Outputs[0]]);
        }

        (what switch
        {
            "a file that does not say how images become its input" => new ModelMetadata(),
            "a preprocessing of another size" => metadata with { Preprocessing = metadata.Preprocessing! with { Crop = [32, 32] } },
            _ => metadata,
        }).WriteTo(network);
        OnnxFile.Write(network, folder["base.onnx"]);

        var refused = Assert.Throws<FoveaException>(() => FineTune("head", "model.onnx", what switch { "a folder of one class" => "one", "a class of one image" => "few", _ => "data" }));
        Assert.Contains(why, refused.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(folder["model.onnx"]));
    }

    private void Draw(string data, SeededRandom random, int[] darkest, int spread)
    {
        foreach (var (name, lowest) in Labels.Zip(darkest))
        {
            for (int i = 0; i < 12; i++)
            {
                Images.Write(folder[$"{data}/{(i < 8 ? "train" : "val")}/{name}/{i}.png"], (byte)(lowest + random.Uniform(0, spread)));
            }
        }
    }

    private void Stop(TrainingEvent e)
    {
        if (e is StepDone)
        {
            stopping.Cancel();
        }
    }

    private BaseModel Base(string name) => BaseModel.Read(folder[name]);

    private static FineTuningMethod Method(string name) => FineTuningMethod.Find(name, 24, 3);

    private TrainingOptions Options(string output) => new(folder[output], "data", 2, 8, 1e-2, Optimizer.Create("sgd"), 1, Resume: false);

    private List<TrainingEvent> FineTune(string method, string output, string data = "data", TrainingOptions? options = null)
    {
        var told = new List<TrainingEvent>();
        var model = Base("base.onnx");
        new FineTuner(model, DatasetFolder.OpenForTraining(folder[data], model.Preprocessing), options ?? Options(output), told.Add).Run(Method(method), TestContext.Current.CancellationToken);
        return told;
    }

    private string[] Changed(string output)
    {
        var before = OnnxFile.Read(folder["base.onnx"]).Initializers.ToDictionary(i => i.Key.Name, i => i.Value.Bytes.ToArray());
        return OnnxFile.Read(folder[output]).Initializers.Where(i => !i.Value.Bytes.Span.SequenceEqual(before[i.Key.Name])).Select(i => i.Key.Name).ToArray();
    }

    private static float[] Outcome(InferenceSession session, float[] image)
    {
        using var options = new RunOptions();
        using var input = OrtValue.CreateTensorValueFromMemory(image, [1, 1, 28, 28]);
        using var outputs = session.Run(options, session.InputNames, [input], session.OutputNames);
        var logits = outputs[0].GetTensorDataAsSpan<float>().ToArray();
        double sum = logits.Sum(logit => Math.Exp(logit));
        return Array.ConvertAll(logits, logit => (float)(Math.Exp(logit) / sum));
    }
}
