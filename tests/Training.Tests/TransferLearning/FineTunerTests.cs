using System.Text.Json;
using Fovea.Models.Architectures;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Imaging;
using Fovea.Models.Layers;
using Fovea.Models.Runtime;
using Fovea.Models.TrainingEvents;
using Fovea.Training.Datasets;
using Fovea.Training.Evaluations;
using Fovea.Training.Optimizers;
using Fovea.Training.Recipes;
using Fovea.Training.Reports;
using Fovea.Training.TransferLearning;
using ModelMetadata = Fovea.Models.Metadata.ModelMetadata;
using Tensor = Fovea.Models.Graphs.Tensor;

namespace Fovea.Training.Tests.TransferLearning;

public sealed class FineTunerTests : IDisposable
{
    private static readonly string[] Labels = ["dark", "light", "middle"];

    private readonly TemporaryFolder folder = new();
    private readonly CancellationTokenSource stopping = new();

    public FineTunerTests()
    {
        Draw("data", new SeededRandom(1), [10, 200, 105], spread: 40);

        // The classes overlap, so that a head cannot separate them perfectly.
        Draw("alike", new SeededRandom(2), [40, 100, 70], spread: 80);
        OnnxFile.Write(Catalog.Find("lenet5").Build(), folder["base.onnx"]);
    }

    public void Dispose()
    {
        folder.Dispose();
        stopping.Dispose();
    }

    [Fact]
    public void Head_learns_new_classes_and_its_file_classifies_and_has_its_provenance()
    {
        var told = FineTune("head", "model.onnx");
        Images.Write(folder["new.png"], 220);
        using var model = Classifier.Load(folder["model.onnx"]);
        Assert.Equal("light", model.Classify(File.ReadAllBytes(folder["new.png"]), new ImageLimits(), top: 1)[0].Label);

        var record = model.Metadata.Training!;
        Assert.Equal(
            ("head", "base.onnx", "data", 24, 12),
            (record.Method, record.Base!.File, record.Dataset, record.Images, record.ValidationImages));
        Assert.Equal("lenet5", model.Metadata.Architecture);
        var validation = DatasetFolder.Open(folder["data"], model.Preprocessing).Validation!;
        var found = Evaluation.Of(model.Run, validation, model.Classes, stop: TestContext.Current.CancellationToken);
        Assert.Equal((found.Accuracy, 1), (record.Accuracy, found.Accuracy));
        Assert.Equal(found.Loss, record.Loss!.Value, 1e-4);
        Assert.Contains(told, e => e is HeadFound { Description: "the classifier is fc3 (Gemm, 84 -> 10); features: fc2/relu [N, 84]" });
    }

    [Fact]
    public void Training_only_the_head_changes_no_other_weights()
    {
        FineTune("head", "model.onnx");
        Assert.All(Changed("model.onnx"), name => Assert.StartsWith("fc3.", name, StringComparison.Ordinal));
    }

    [Fact]
    public void Training_all_weights_changes_all_of_them_and_beats_the_head_alone()
    {
        var told = FineTune("full", "model.onnx", "alike", Options("model.onnx") with { Epochs = 4, LearningRate = 1e-3 });
        Assert.Equal(
            OnnxFile.Read(folder["model.onnx"]).Initializers.Keys.Where(w => w.Shape.Rank > 0 && !IsEnergy(w.Name)).Select(w => w.Name),
            Changed("model.onnx"));
        Assert.True(told.OfType<RunFinished>().Single().ValidationLoss < told.OfType<HeadTrained>().Single().ValidationLoss);
        using var model = Classifier.Load(folder["model.onnx"]);
        Assert.Equal(("full", 4), (model.Metadata.Training!.Method, model.Metadata.Training.Epochs));
    }

    [Theory, InlineData(1f), InlineData(1e-9f)]
    public void Loss_falls_when_all_weights_train_even_with_small_features(float size)
    {
        var network = OnnxFile.Read(folder["base.onnx"]);
        foreach (var weight in network.Initializers.Keys.Where(w => w.Name.StartsWith("fc2.", StringComparison.Ordinal)).ToArray())
        {
            var values = network.Initializers[weight].Floats.ToArray();
            network.Initializers[weight] = Tensor.Of(weight.Shape, Array.ConvertAll(values, value => value * size));
        }

        OnnxFile.Write(network, folder["base.onnx"]);

        var epochs = FineTune("full", "model.onnx", "alike", Options("model.onnx") with { Epochs = 4, LearningRate = 1e-3, Clip = 10 })
            .OfType<EpochDone>().ToArray();
        Assert.True(epochs[^1].Loss < epochs[0].Loss, $"The mean loss of the epochs is {string.Join(", ", epochs.Select(e => e.Loss))}.");
    }

    [Fact]
    public void Training_all_weights_never_ends_worse_than_its_first_head()
    {
        var told = FineTune("full", "model.onnx", options: Options("model.onnx") with { LearningRate = 1, Clip = 10 });
        var (start, end) = (told.OfType<HeadTrained>().Single(), told.OfType<RunFinished>().Single());
        Assert.All(told.OfType<EpochDone>(), epoch => Assert.True(epoch.ValidationLoss > start.ValidationLoss));
        Assert.Equal(0, end.BestEpoch);
        var compared = Assert.IsType<MethodsCompared>(told[^1]);
        Assert.Equal(("head", "full"), (compared.Winner, compared.Other));
        Assert.Equal(start.ValidationLoss, compared.Loss, 1e-4);
        Assert.Equal(start.ValidationLoss, end.ValidationLoss, 1e-4);
        using var model = Classifier.Load(folder["model.onnx"]);
        Assert.Null(model.Metadata.Training!.BestEpoch);
    }

    [Fact]
    public void Stopped_and_resumed_run_gives_the_file_of_an_uninterrupted_run()
    {
        FineTune("full", "whole.onnx");
        var data = DatasetFolder.OpenForTraining(folder["data"], Base("base.onnx").Preprocessing);
        Assert.Throws<OperationCanceledException>(() =>
            new FineTuner(Base("base.onnx"), data, Options("model.onnx"), Stop).Run(Method("full"), stopping.Token));
        FineTune("full", "model.onnx", options: Options("model.onnx") with { Resume = true });
        Assert.Equal(File.ReadAllBytes(folder["whole.onnx"]), File.ReadAllBytes(folder["model.onnx"]));
    }

    [Fact]
    public void Report_of_a_head_names_its_base_file()
    {
        FineTune("head", "model.onnx");
        Assert.Contains("base.onnx", File.ReadAllText(Report.JsonOf(folder["model.onnx"])), StringComparison.Ordinal);
        Assert.True(File.Exists(Report.PageOf(folder["model.onnx"])));
    }

    [Fact]
    public void Partial_training_changes_only_the_last_layers()
    {
        FineTune("partial", "model.onnx", "alike", Options("model.onnx") with { Epochs = 4, LearningRate = 1e-3 });
        Assert.Equal(["fc2.bias", "fc2.weight", "fc3.bias", "fc3.weight"], Changed("model.onnx").Order());
    }

    [Fact]
    public void Auto_keeps_the_head_where_the_time_does_not_suffice_for_more()
    {
        var told = FineTune("auto", "model.onnx", options: Options("model.onnx") with { TimeLimit = TimeSpan.Zero });
        Assert.Null(Assert.Single(told.OfType<TrialPlanned>()).Method);
        using var model = Classifier.Load(folder["model.onnx"]);
        Assert.Equal("head", model.Metadata.Training!.Method);
    }

    [Fact]
    public void Auto_ends_with_what_won_and_its_file_has_these_weights()
    {
        // Enough images to validate with, so that more than the head is tried.
        Draw("many", new SeededRandom(3), [40, 100, 70], spread: 80, each: 40);
        var told = FineTune("auto", "model.onnx", "many", Options("model.onnx") with { TimeLimit = TimeSpan.FromMinutes(2) });
        Assert.Equal("full", Assert.Single(told.OfType<TrialPlanned>()).Method);
        var compared = Assert.IsType<MethodsCompared>(told[^1]);
        using var model = Classifier.Load(folder["model.onnx"]);
        var record = model.Metadata.Training!;
        Assert.Equal(compared.Winner, record.Method);
        Assert.Equal(compared.Loss, record.Loss!.Value, 1e-4);
        Assert.Equal(compared.Winner == "head" ? "full" : "head", compared.Other);
        Assert.False(File.Exists(folder["model.onnx.checkpoint"]));
    }

    [Fact]
    public void Auto_gives_up_an_epoch_that_would_end_after_the_time_limit()
    {
        Draw("many", new SeededRandom(3), [40, 100, 70], spread: 80, each: 40);
        var (clock, told) = (new JumpingClock(), new List<TrainingEvent>());
        var model = Base("base.onnx");
        var options = Options("model.onnx") with { TimeLimit = TimeSpan.FromMinutes(9) };
        new FineTuner(model, DatasetFolder.OpenForTraining(folder["many"], model.Preprocessing), options, Tell, clock)
            .Run(Method("auto"), TestContext.Current.CancellationToken);

        Assert.Equal(["full", null], told.OfType<TrialPlanned>().Select(plan => plan.Method));
        Assert.Equal(
            "the head is kept: the first epoch of full would end after the time limit (--minutes)",
            told.OfType<TrialPlanned>().Last().Reason);
        Assert.InRange(told.OfType<StepDone>().Count(), 1, 9);
        Assert.Empty(told.OfType<EpochDone>());
        using var trained = Classifier.Load(folder["model.onnx"]);
        Assert.Equal("head", trained.Metadata.Training!.Method);

        void Tell(TrainingEvent e)
        {
            told.Add(e);
            clock.Jump(TimeSpan.FromMinutes(e is StepDone ? 1 : 0));
        }
    }

    [Fact]
    public void Report_of_a_head_shows_its_curve_over_the_penalties()
    {
        var told = FineTune("head", "model.onnx");
        var tried = told.OfType<PenaltyTried>().ToArray();
        Assert.Equal(tried.MinBy(penalty => penalty.Loss), Assert.Single(tried, penalty => penalty.Chosen));
        var page = File.ReadAllText(Report.PageOf(folder["model.onnx"]));
        Assert.Contains("Choice of the penalty", page, StringComparison.Ordinal);
        Assert.DoesNotContain("they decided which weights were saved", page, StringComparison.Ordinal);
        Assert.Contains("The logits are not divided by a temperature", page, StringComparison.Ordinal);
        var report = JsonDocument.Parse(File.ReadAllText(Report.JsonOf(folder["model.onnx"]))).RootElement;
        Assert.Equal(tried.Length, report.GetProperty("penalties").GetArrayLength());
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
        Assert.Throws<OperationCanceledException>(() =>
            new FineTuner(Base("base.onnx"), data, Options("model.onnx"), Stop).Run(Method("full"), stopping.Token));
        OnnxFile.Write(Catalog.Find("lenet5").Build(seed: 7), folder["other.onnx"]);
        var refused = Assert.Throws<FoveaException>(() =>
            new FineTuner(Base("other.onnx"), data, Options("model.onnx") with { Resume = true }, _ => { })
                .Run(Method("full"), TestContext.Current.CancellationToken));
        Assert.Contains("is the checkpoint of a run with base", refused.Message, StringComparison.Ordinal);
    }

    public static TheoryData<string, string> Refusals => new()
    {
        { "a folder of one class", "has 1 class folders, only; expected at least 2" },
        { "a class of one image", "has no image to validate with" },
        { "a file without preprocessing", "has no preprocessing, so images cannot become its input" },
        { "a network without a head", "has no classifier that can be replaced: its output" },
        { "a preprocessing of another size", "makes images of [1, 32, 32]; expected [1, 28, 28]" },
    };

    [Theory, MemberData(nameof(Refusals))]
    public void Impossible_fine_tuning_is_refused_and_leaves_no_files(string what, string why)
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
            "a file without preprocessing" => new ModelMetadata(),
            "a network without a head" => metadata with { Labels = [.. Enumerable.Range(0, 10).Select(i => $"class {i}")] },
            "a preprocessing of another size" => metadata with { Preprocessing = metadata.Preprocessing! with { Crop = [32, 32] } },
            _ => metadata,
        }).WriteTo(network);
        OnnxFile.Write(network, folder["base.onnx"]);

        var refused = Assert.Throws<FoveaException>(() =>
            FineTune("head", "model.onnx", what switch { "a folder of one class" => "one", "a class of one image" => "few", _ => "data" }));
        Assert.Contains(why, refused.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(folder["model.onnx"]));
    }

    private void Draw(string data, SeededRandom random, int[] darkest, int spread, int each = 12)
    {
        foreach (var (name, lowest) in Labels.Zip(darkest))
        {
            for (int i = 0; i < each; i++)
            {
                var part = i < each * 2 / 3 ? "train" : "val";
                Images.Write(folder[$"{data}/{part}/{name}/{i}.png"], (byte)(lowest + random.Uniform(0, spread)));
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

    private static FineTuningMethod Method(string name) => Enum.Parse<FineTuningMethod>(name, ignoreCase: true);

    private TrainingOptions Options(string output) => new(folder[output], "data", 2, 8, 1e-2, Optimizer.Create("sgd"), 1, Resume: false);

    private List<TrainingEvent> FineTune(string method, string output, string data = "data", TrainingOptions? options = null)
    {
        var told = new List<TrainingEvent>();
        var model = Base("base.onnx");
        new FineTuner(model, DatasetFolder.OpenForTraining(folder[data], model.Preprocessing), options ?? Options(output), told.Add)
            .Run(Method(method), TestContext.Current.CancellationToken);
        return told;
    }

    private string[] Changed(string output)
    {
        var before = OnnxFile.Read(folder["base.onnx"]).Initializers.ToDictionary(i => i.Key.Name, i => i.Value.Bytes.ToArray());
        return OnnxFile.Read(folder[output])
            .Initializers.Where(i => !IsEnergy(i.Key.Name) && !i.Value.Bytes.Span.SequenceEqual(before[i.Key.Name]))
            .Select(i => i.Key.Name).ToArray();
    }

    // The constants by which a file tells outliers.
    private static bool IsEnergy(string weight) => weight.StartsWith("energy.", StringComparison.Ordinal);
}
