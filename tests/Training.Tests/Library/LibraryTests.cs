using Fovea.Models.Errors;
using Fovea.Models.TrainingEvents;
using Fovea.Training.Library;
using Fovea.Training.Tests.Commands;

namespace Fovea.Training.Tests.Library;

/// <summary>Tests the types that a C# program calls to train.</summary>
public sealed class LibraryTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_writes_the_file_that_the_command_writes()
    {
        var events = new Collected();
        var run = new TrainingRun { Network = "lenet5", Data = Mnist.Folder, Output = folder["own.onnx"], Epochs = 1, BatchSize = 100 };
        var trained = await run.RunAsync(events, Stop);
        Assert.IsType<RecipeChosen>(events.All[0]);
        Assert.Contains(events.All, e => e is EpochDone);
        var finished = Assert.IsType<RunFinished>(events.All[^1]);
        Assert.Equal((folder["own.onnx"], folder["own.html"]), (trained.Path, trained.Report));
        Assert.Equal((finished.ValidationAccuracy, finished.ValidationLoss), (trained.ValidationAccuracy, trained.ValidationLoss));
        Assert.True(File.Exists(trained.Report));

        var (code, _, error) = CommandLineProcess.Run(
            "train", "lenet5", "--data", Mnist.Folder, "--epochs", "1", "--batch-size", "100", "-o", folder["command.onnx"]);
        Assert.True(code == 0, error);
        Assert.Equal(await File.ReadAllBytesAsync(folder["command.onnx"], Stop), await File.ReadAllBytesAsync(trained.Path, Stop));
    }

    [Fact]
    public async Task Cancelled_run_is_resumed_and_ends_as_if_it_had_not_been_cancelled()
    {
        var run = new TrainingRun
        {
            Network = "lenet5",
            Data = Mnist.Folder,
            Output = folder["cut.onnx"],
            Epochs = 1,
            BatchSize = 500,
            Seed = 7,
        };
        using var source = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var atThird = new Collected(e =>
        {
            if (e is StepDone { Step: 3 })
            {
                source.Cancel();
            }
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.RunAsync(atThird, source.Token));
        Assert.IsType<RunStopped>(atThird.All[^1]);
        Assert.False(File.Exists(run.Output));
        var events = new Collected();
        var resumed = await (run with { Resume = true }).RunAsync(events, Stop);
        Assert.Equal(3, events.All.OfType<RunStarted>().Single().ResumedStep);
        var whole = await (run with { Output = folder["whole.onnx"] }).RunAsync(stop: Stop);
        Assert.Equal(await File.ReadAllBytesAsync(whole.Path, Stop), await File.ReadAllBytesAsync(resumed.Path, Stop));
    }

    [Fact]
    public void Trained_file_and_the_built_in_base_are_fine_tuned()
    {
        for (int i = 0; i < 12; i++)
        {
            Images.Write(folder[$"photos/dark/{i}.png"], (byte)(i * 4));
            Images.Write(folder[$"photos/light/{i}.png"], (byte)(200 + (i * 4)));
        }

        var start = new TrainingRun { Network = "lenet5", Data = Mnist.Folder, Output = folder["start.onnx"], Epochs = 1, BatchSize = 1000 }
            .Run(stop: Stop);
        foreach (var file in new[] { start.Path, null })
        {
            var run = new FineTuningRun { Base = file, Data = folder["photos"], Output = folder["tuned.onnx"], Method = "head" };
            Assert.Equal(1, run.Run(stop: Stop).ValidationAccuracy);
        }
    }

    [Fact]
    public void Wrong_setting_is_named()
    {
        var run = new FineTuningRun { Data = Mnist.Folder, Output = folder["x.onnx"] };
        foreach (var (wrong, problem) in new[]
        {
            (run with { Method = "best" }, "The method is best; expected head, partial, full or auto."),
            (run with { TimeLimit = TimeSpan.FromDays(8) }, "The time limit is 8.00:00:00; expected 0 to 7 days."),
            (run with { Base = "none.onnx" }, "The base none.onnx does not exist; expected an .onnx file."),
        })
        {
            Assert.Equal(problem, Assert.Throws<FoveaException>(() => wrong.Run(stop: Stop)).Message);
        }

        var unknown = new TrainingRun { Network = "lenet", Data = Mnist.Folder, Output = folder["x.onnx"] };
        Assert.Equal(ErrorCode.UnknownArchitecture, Assert.Throws<FoveaException>(() => unknown.Run(stop: Stop)).Code);
    }

    public void Dispose() => folder.Dispose();

    /// <summary>Collects the events. .NET's Progress would report them on another thread.</summary>
    private sealed class Collected(Action<TrainingEvent>? at = null) : IProgress<TrainingEvent>
    {
        public List<TrainingEvent> All { get; } = [];

        public void Report(TrainingEvent value)
        {
            All.Add(value);
            at?.Invoke(value);
        }
    }
}
