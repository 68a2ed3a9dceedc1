using System.Text.Json.Nodes;
using Fovea.Api.Configuration;
using Fovea.Api.Jobs;
using Fovea.Api.Problems;
using Fovea.Api.Workers;
using Fovea.Models.TrainingEvents;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fovea.Api.Tests.FineTuning;

/// <summary>Events of the training program become events and checkpoints of the job.</summary>
public sealed class TrainingProgressTests
{
    [Fact]
    public async Task Events_of_a_run_carry_their_numbers_in_data()
    {
        var (events, checkpoints) = await Read(Lines(
            new FileRefused("data/val/ants/1.png", "The PNG is damaged."),
            new RunStarted("lenet5", 60, 20, 2, 4, 15, 0.01, 1, 0),
            new StepDone(1, 1, 0.5, 0.25, 0.001, 100, 3),
            new StepDone(1, 2, 0.4, 0.5, 0.001, 100, 2),
            new EpochDone(1, 0.001, 0.3, 0.75, 0.25, 0.875, true, 0),
            new CheckpointSaved("model.onnx.checkpoint", 2, 0),
            new RunFinished("model.onnx", 1, 0.25, 0.875, 4, 0)));
        Assert.Equal(
            [
                "Left out: 1.png: The PNG is damaged.",
                "Chosen for auto: n_epochs 2 (the usual number for new classes); batch_size 15 (the usual size, or all images if there are "
                    + "fewer); learning_rate 0.01 (a small rate; layers that are trained already get a tenth of it).",
                "Training on 60 images, validating with 20: 2 epochs of 4 steps of 15 images.",
                "Step 1 of 8: training loss 0.5000",
                "Epoch 1 of 2: validation loss 0.2500, accuracy 87.50 %, the best so far",
                "Checkpoint after step 4.",
                "Training is done: 87.50 % of the validation images are classified correctly.",
            ],
            events.Select(e => e.Message));
        Expect(
            """
            {"step":1,"train_loss":0.5,"train_accuracy":0.25,"total_steps":8,"epoch":1,"learning_rate":0.001,"images_per_second":100}
            """,
            events[3].Data);
        Expect(
            """
            {"step":4,"train_loss":0.3,"train_accuracy":0.75,"valid_loss":0.25,"valid_accuracy":0.875,"total_steps":8,"epoch":1}
            """,
            events[4].Data);
        Expect(
            """{"step":4,"train_loss":0.3,"train_accuracy":0.75,"valid_loss":0.25,"valid_accuracy":0.875}""",
            Assert.Single(checkpoints).Metrics);
        Assert.Null(events[0].Data);
        Expect("""{"n_epochs":2,"batch_size":15,"learning_rate":0.01}""", events[1].Data);
        Expect(
            """{"images":60,"valid_images":20,"n_epochs":2,"steps_per_epoch":4,"batch_size":15,"total_steps":8}""",
            events[2].Data);
        Expect("""{"step":4,"epoch":2}""", events[5].Data);
        Expect("""{"valid_loss":0.25,"valid_accuracy":0.875,"best_epoch":1,"seconds":4}""", events[6].Data);
    }

    [Fact]
    public async Task Each_epoch_has_one_event_although_lines_were_lost_and_an_epoch_was_trained_again()
    {
        EpochDone[] epochs = [.. Enumerable.Range(1, 4).Select(n => new EpochDone(n, 0.001, 0.5, 0.5, 1.0 / n, 0.5, true, 0))];
        var started = new RunStarted("lenet5", 60, 20, 4, 4, 15, 0.01, 1, 0);

        // The line of the second epoch is lost. The next training goes on from the checkpoint after it, and trains the third again, on
        // another kind of processor.
        var again = epochs[2] with { ValidationLoss = epochs[2].ValidationLoss + 0.0001 };
        var (events, _) = await Read(Lines(
            started, epochs[0], epochs[2], started with { ResumedEpoch = 3, CompletedEpochs = epochs[..2] }, again, epochs[3]));
        Assert.Equal(["Epoch 1", "Epoch 3", "Epoch 2", "Epoch 4"], Epochs(events));
    }

    [Fact]
    public async Task Trial_that_begins_anew_tells_its_epochs_again()
    {
        var planned = new TrialPlanned("full", "1 epoch fits into the 40 s that are left");
        var started = new RunStarted("lenet5", 60, 20, 1, 4, 15, 0.01, 1, 0);
        var epoch = new EpochDone(1, 0.001, 0.5, 0.5, 1, 0.5, true, 0);
        var (events, _) = await Read(Lines(planned, started, epoch, planned, started, epoch));
        Assert.Equal(["Epoch 1", "Epoch 1"], Epochs(events));
    }

    [Fact]
    public async Task Epoch_of_another_worker_has_an_event_without_steps_if_it_has_none_yet()
    {
        EpochDone[] epochs = [.. Enumerable.Range(1, 2).Select(n => new EpochDone(n, 0.001, 0.5, 0.75, 0.25, 0.875, true, 0))];
        var (events, _) = await Read(async (job, progress) =>
        {
            await job.Change(now => now.Epochs = 2);
            await progress.CatchUp(epochs[..1]);
            await job.RequireRunning();
            var known = await TrainingProgress.EpochMessages(job, TestContext.Current.CancellationToken);
            Assert.Equal("Epoch 1 of 2", Assert.Single(known));
            await progress.CatchUp(epochs);
        });
        Assert.Equal(["Epoch 1", "Epoch 2"], Epochs(events));
        Expect("""{"train_loss":0.5,"train_accuracy":0.75,"valid_loss":0.25,"valid_accuracy":0.875,"epoch":1}""", events[0].Data);
    }

    [Fact]
    public async Task Events_of_a_head_carry_their_numbers_in_data()
    {
        var (events, _) = await Read(Lines(
            new FeaturesDone(32, 64, 16, 2),
            new PenaltyTried(0.01, 0.75, 0.5, 5, Chosen: false),
            new PenaltyTried(0.001, 0.5, 0.75, 5, Chosen: true),
            new HeadTrained(0.5, 0.75),
            new StatisticsFrozen(8),
            new TrialPlanned("full", "3 epochs fit into the 40 s that are left"),
            new MethodsCompared("head", "full", 0.5, 0.625, 0.75, 0.5, "the other loss is not lower beyond chance")));
        Assert.Equal(6, events.Count);
        Expect("""{"images":32,"total_images":64,"images_per_second":16}""", events[0].Data);
        Expect("""{"penalty":0.001,"folds":5,"train_loss":0.5,"train_accuracy":0.75}""", events[1].Data);
        Expect("""{"valid_loss":0.5,"valid_accuracy":0.75}""", events[2].Data);
        Expect("""{"frozen_layers":8}""", events[3].Data);
        Expect("""{"method":"full"}""", events[4].Data);
        Expect(
            """
            {"valid_loss":0.5,"valid_accuracy":0.75,"method":"head","other_method":"full","other_loss":0.625,"other_accuracy":0.5}
            """,
            events[5].Data);
    }

    [Fact]
    public async Task Network_that_runs_unchanged_is_a_warning_without_private_paths()
    {
        var file = Path.Combine(Path.GetTempPath(), "x", "model.onnx");
        var (events, _) = await Read(Lines(new NotRewritten($"{file} is odd")));
        var warning = Assert.Single(events);
        Assert.Equal(JobEvent.Warning, warning.Level);
        var shown = Path.Combine("x", "model.onnx");
        Assert.Equal($"The network runs unchanged, because rewriting it failed: {shown} is odd", warning.Message);
    }

    [Fact]
    public async Task Training_program_of_another_version_fails_the_job()
    {
        var refused = await Assert.ThrowsAsync<ServiceException>(() => Read(["""{"event":"head","version":99,"description":"dense"}"""]));
        Assert.Equal(ServiceError.TrainingFailed, refused.Error);
        Assert.Contains("events of version 99, but this service reads version 1", refused.Message, StringComparison.Ordinal);
    }

    private static string[] Lines(params TrainingEvent[] events)
    {
        var output = new StringWriter();
        Array.ForEach(events, new TrainingEventWriter(output).Write);
        return output.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
    }

    private static void Expect(string json, string? data) =>
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(json), JsonNode.Parse(data!)), data);

    private static string[] Epochs(IEnumerable<JobEvent> events) =>
        [.. events.Select(e => e.Message).Where(m => m.StartsWith("Epoch", StringComparison.Ordinal)).Select(m => m[..7])];

    private static Task<(IReadOnlyList<JobEvent> Events, IReadOnlyList<JobCheckpoint> Checkpoints)> Read(string[] lines) =>
        Read(async (_, progress) =>
        {
            foreach (var line in lines)
            {
                await progress.Read(line);
            }
        });

    private static async Task<(IReadOnlyList<JobEvent> Events, IReadOnlyList<JobCheckpoint> Checkpoints)> Read(
        Func<HeldJob, TrainingProgress, Task> read)
    {
        var stop = TestContext.Current.CancellationToken;
        using var folder = new TemporaryFolder();
        var settings = new Settings { Data = folder.Path };
        using var database = new StateDatabase(settings, new FineTuningSettings());
        var store = new JobStore(database, TimeProvider.System);
        await store.Add(NewJob.Of("ftjob-1"), stop);
        await store.Change("ftjob-1", job => job.Enter("1"), stop);
        var taken = await store.Change("ftjob-1", job => job.TryBegin("1", "worker", 1), stop);
        await using var held = new HeldJob(store, taken, TimeProvider.System, NullLogger.Instance, CancellationToken.None);
        var progress = new TrainingProgress(held, [], new PrivatePaths(settings), TimeProvider.System);
        await read(held, progress);
        await held.RequireRunning();
        var events = await store.EventsAfter("ftjob-1", taken.Events, 100, stop);
        return (events, await store.CheckpointsBefore("ftjob-1", long.MaxValue, 100, stop));
    }
}
