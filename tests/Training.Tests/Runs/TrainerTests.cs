using Fovea.Models.Architectures;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Layers;
using Fovea.Models.Runtime;
using Fovea.Models.TrainingEvents;
using Fovea.Training.Datasets;
using Fovea.Training.Evaluations;
using Fovea.Training.Optimizers;
using Fovea.Training.Recipes;
using Fovea.Training.Runs;

namespace Fovea.Training.Tests.Runs;

[Trait("Needs", "time")]
public class TrainerTests
{
    private static readonly DatasetFolder Data = DatasetFolder.Open(Mnist.Folder, Mnist.Preprocessing);

    [Fact]
    public void Lenet5_reads_97_of_100_unseen_digits_after_a_subset_of_mnist()
    {
        using var folder = new TemporaryFolder();
        var file = folder["model.onnx"];
        Train(Options(file) with { Epochs = 15, BatchSize = 64 });

        using var model = Classifier.Load(file);
        var found = Evaluation.Of(model.Run, Data.Test!, model.Classes, stop: TestContext.Current.CancellationToken);
        Assert.InRange(found.Accuracy, 0.97, 1);
        Assert.True(model.Trained);
        Assert.Equal(15, model.Metadata.Training!.Epochs);
        Assert.InRange(model.Metadata.Training.Accuracy!.Value, 0.95, 1);
        Assert.Equal(["model.html", "model.onnx", "model.report.json"], Directory.GetFiles(folder.Path).Select(Path.GetFileName).Order());
    }

    [Theory]
    [InlineData("adam")]
    [InlineData("adamw")]
    [InlineData("sgd")]
    public void The_loss_falls_with_every_optimizer(string optimizer)
    {
        using var folder = new TemporaryFolder();
        var events = Train(
            Options(folder["model.onnx"]) with
            {
                Optimizer = Optimizer.Create(optimizer),
                LearningRate = optimizer == "sgd" ? 0.05 : 0.003,
            });
        var losses = events.OfType<EpochDone>().Select(e => e.ValidationLoss).ToArray();
        Assert.True(losses[^1] < losses[0] * 0.9 && losses[^1] < Math.Log(10) / 2, string.Join(", ", losses));
    }

    [Fact]
    public void Two_runs_with_one_seed_give_the_same_bytes_and_another_seed_gives_others()
    {
        using var folder = new TemporaryFolder();
        foreach (var (name, seed) in new[] { ("a", 1), ("b", 1), ("c", 2) })
        {
            Train(Options(folder[name]) with { Seed = seed });
        }

        Assert.Equal(File.ReadAllBytes(folder["a"]), File.ReadAllBytes(folder["b"]));
        Assert.NotEqual(File.ReadAllBytes(folder["a"]), File.ReadAllBytes(folder["c"]));
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(37, 0)]
    [InlineData(38, 0.9)]
    [InlineData(60, 0.9)]
    public void A_stopped_and_resumed_run_gives_the_bytes_of_an_uninterrupted_run(int stopAfterSteps, double averaging)
    {
        using var folder = new TemporaryFolder();
        TrainingOptions Averaged(string output) => Options(output) with { Averaging = averaging };
        Train(Averaged(folder["whole"]));

        using var stop = new CancellationTokenSource();
        int steps = 0;
        Assert.Throws<OperationCanceledException>(() =>
            Train(Averaged(folder["parts"]), stop, after: e => e is StepDone && ++steps == stopAfterSteps));
        Assert.False(File.Exists(folder["parts"]));
        var resumed = Train(Averaged(folder["parts"]) with { Resume = true });

        Assert.Equal(stopAfterSteps, steps);
        Assert.Equal(2 * 37 - stopAfterSteps, resumed.OfType<StepDone>().Count());
        Assert.Equal(File.ReadAllBytes(folder["whole"]), File.ReadAllBytes(folder["parts"]));
    }

    [Fact]
    public void A_run_whose_values_stay_on_a_device_gives_the_bytes_of_the_cpu()
    {
        using var folder = new TemporaryFolder();
        Train(Parts(folder["cpu"]));
        Train(Parts(folder["device"]) with { Device = Device.CpuWithSeparateMemory });
        Assert.Equal(File.ReadAllBytes(folder["cpu"]), File.ReadAllBytes(folder["device"]));

        // The norm never reaches the limit and there is no average, since a graph rounds them otherwise than the CPU.
        static TrainingOptions Parts(string output) => Options(output) with { Clip = 1e6, MicroBatch = 64 };
    }

    [Fact]
    public void A_run_whose_values_stay_on_a_device_resumes_with_the_bytes_of_an_uninterrupted_run()
    {
        using var folder = new TemporaryFolder();
        Train(OnDevice(folder["whole"]));
        using var stop = new CancellationTokenSource();
        int steps = 0;
        Assert.Throws<OperationCanceledException>(() =>
            Train(OnDevice(folder["parts"]), stop, after: e => e is StepDone && ++steps == 40));
        Train(OnDevice(folder["parts"]) with { Resume = true });
        Assert.Equal(File.ReadAllBytes(folder["whole"]), File.ReadAllBytes(folder["parts"]));

        static TrainingOptions OnDevice(string output) =>
            Options(output) with { Averaging = 0.9, Clip = 2, MicroBatch = 64, Device = Device.CpuWithSeparateMemory };
    }

    [Fact]
    public void The_average_of_the_weights_is_validated_and_written()
    {
        using var folder = new TemporaryFolder();
        var options = Options(folder["model.onnx"]) with { Averaging = 0.5 };
        var last = Train(options).OfType<EpochDone>().Last(e => e.Best);

        using var model = Classifier.Load(options.Output);
        var found = Evaluation.Of(
            model.Run, Data.ForTraining(options.Seed).Validation, model.Classes, stop: TestContext.Current.CancellationToken);
        Assert.Equal(last.ValidationLoss, found.Loss, 1e-5);
        Train(options with { Output = folder["plain.onnx"], Averaging = 0 });
        Assert.NotEqual(File.ReadAllBytes(options.Output), File.ReadAllBytes(folder["plain.onnx"]));
    }

    [Fact]
    public void A_checkpoint_of_other_settings_is_refused_and_the_message_names_the_differing_setting()
    {
        using var folder = new TemporaryFolder();
        var options = Options(folder["model.onnx"]);
        Stopped(options);
        var error = Assert.Throws<FoveaException>(() => Train(options with { Resume = true, LearningRate = 0.5 }));
        Assert.Contains("learning rate 0.003", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_without_progress_ends_after_its_patience_and_keeps_the_best_epoch()
    {
        using var folder = new TemporaryFolder();

        // The rate is too small to change any weight, so no epoch is better than the first.
        var events = Train(
            Options(folder["model.onnx"]) with { Epochs = 9, Patience = 2, Optimizer = Optimizer.Create("sgd"), LearningRate = 1e-15 });
        Assert.Equal([true, false, false], events.OfType<EpochDone>().Select(e => e.Best));
        Assert.Equal(1, events.OfType<RunFinished>().Single().BestEpoch);
    }

    [Fact]
    public void Auxiliary_heads_train_but_are_absent_from_the_file()
    {
        var graph = new Graph("two-headed");
        var x = graph.Input("input", ElementType.Float, new Shape(Shape.Free, 1, 28, 28));
        var net = new Network(graph, seed: 1);
        var shared = net.Flatten(net.Relu(net.BatchNorm(net.Conv(x, 4, kernel: 5, stride: 3))));
        net.AuxiliaryOutput(net.Dense(shared, 10, "auxiliary"));
        graph.Outputs.Insert(0, net.Logits(net.Dropout(shared, 0.2f), 10));

        using var folder = new TemporaryFolder();
        var options = Options(folder["model.onnx"]) with { BatchSize = 32, Augmentation = Augmentation.None };
        using (var trainer = new Trainer(graph, Data, options, _ => { }))
        {
            trainer.Run(TestContext.Current.CancellationToken);
        }

        var written = OnnxFile.Read(options.Output);
        Assert.Equal(["logits"], written.Outputs.Select(o => o.Name));
        Assert.DoesNotContain(written.Initializers.Keys, i => i.Name.StartsWith("auxiliary", StringComparison.Ordinal));
        Assert.Contains(
            written.Initializers,
            i => i.Key.Name.EndsWith("running_mean", StringComparison.Ordinal) && i.Value.Floats.ContainsAnyExcept(0));

        using var model = Classifier.Load(options.Output);
        var found = Evaluation.Of(model.Run, Data.Test!, model.Classes, stop: TestContext.Current.CancellationToken);
        Assert.InRange(found.Accuracy, 0.8, 1);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(500)]
    [InlineData(100_000)]
    public void A_damaged_checkpoint_is_refused(int length)
    {
        using var folder = new TemporaryFolder();
        var options = Options(folder["model.onnx"]);
        Stopped(options);
        using (var file = File.OpenWrite(options.Checkpoint))
        {
            file.SetLength(length);
        }

        var error = Assert.Throws<FoveaException>(() => Train(options with { Resume = true }));
        Assert.Contains(options.Checkpoint, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_batch_larger_than_the_data_set_is_refused()
    {
        using var folder = new TemporaryFolder();
        var error = Assert.Throws<FoveaException>(() => Train(Options(folder["model.onnx"]) with { BatchSize = 5000 }));
        Assert.Contains("one batch of 5000", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_that_diverges_ends_with_a_message()
    {
        using var folder = new TemporaryFolder();
        var options = Options(folder["model.onnx"]) with { Optimizer = Optimizer.Create("sgd"), LearningRate = 1e30 };
        Assert.Contains("diverged", Assert.Throws<FoveaException>(() => Train(options)).Message, StringComparison.Ordinal);
        Assert.False(File.Exists(options.Output));
    }

    private static TrainingOptions Options(string output) =>
        new(output, "mnist", Epochs: 2, BatchSize: 128, LearningRate: 0.003, Optimizer.Create("adam"), Seed: 1, Resume: false)
        {
            Augmentation = Augmentation.Digits,
        };

    private static void Stopped(TrainingOptions options)
    {
        using var stop = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => Train(options, stop, after: e => e is StepDone));
    }

    // Trains to the end, or stops after the first event that satisfies the condition.
    private static List<TrainingEvent> Train(
        TrainingOptions options, CancellationTokenSource? stop = null, Func<TrainingEvent, bool>? after = null)
    {
        var events = new List<TrainingEvent>();
        using var trainer = new Trainer(Catalog.Find("lenet5").Build(seed: options.Seed), Data, options, e =>
        {
            events.Add(e);
            if (after?.Invoke(e) == true)
            {
                stop!.Cancel();
            }
        });
        trainer.Run(stop?.Token ?? TestContext.Current.CancellationToken);
        return events;
    }
}
