using System.Diagnostics;
using System.Globalization;
using Fovea.Models.Errors;
using Fovea.Models.Files;
using Fovea.Models.Graphs;
using Fovea.Models.Metadata;
using Fovea.Models.TrainingEvents;
using Fovea.Training.Confidence;
using Fovea.Training.Datasets;
using Fovea.Training.Evaluations;
using Fovea.Training.Recipes;
using Fovea.Training.Reports;
using Fovea.Training.Steps;

namespace Fovea.Training.Runs;

/// <summary>
/// Trains a network: epochs of steps, a validation after each epoch, and checkpoints. The saved model has the weights with the lowest
/// validation loss.
/// </summary>
internal sealed class Trainer : IDisposable
{
    private readonly Graph network;
    private readonly DatasetFolder data;
    private readonly Dataset train, validation;
    private readonly TrainingOptions options;
    private readonly Action<TrainingEvent> publish;
    private readonly bool startIsCandidate;
    private readonly ModelMetadata metadata;
    private readonly BatchLoader loader;
    private readonly TrainingStep step;
    private readonly ForwardPass forward;
    private readonly WeightAverage average;
    private readonly FloatBuffer best;
    private readonly CheckpointWriter checkpoints;
    private readonly Stopwatch waiting = new();
    private readonly TimeBudget budget;
    private TrainingState state;

    /// <summary>Prepares a run, and loads its checkpoint if the options ask to resume.</summary>
    /// <param name="network">The network. Training starts from its weights; a completed run replaces them by the trained weights.</param>
    /// <param name="data">The data set.</param>
    /// <param name="options">The options of the run.</param>
    /// <param name="publish">Receives the events of the run, on the thread that calls <see cref="Run"/>.</param>
    /// <param name="layout">The parameters to learn and their learning rates; null learns all with one rate.</param>
    /// <param name="startIsCandidate">
    /// Whether the network's own weights are validated before the first step. The model is saved with them if no epoch has a lower
    /// validation loss.
    /// </param>
    /// <param name="time">The clock of the time limit; null for the system's.</param>
    /// <exception cref="FoveaException">
    /// There are too few images, an operator has no gradient rule, or the checkpoint is damaged or was written by a run with other
    /// settings.
    /// </exception>
    public Trainer(
        Graph network,
        DatasetFolder data,
        TrainingOptions options,
        Action<TrainingEvent> publish,
        ParameterLayout? layout = null,
        bool startIsCandidate = false,
        TimeProvider? time = null)
    {
        budget = new(options.TimeLimit, time ?? TimeProvider.System);
        (this.network, this.data, this.options, this.publish, this.startIsCandidate) = (network, data, options, publish, startIsCandidate);
        metadata = ModelMetadata.Read(network.Metadata) with { Preprocessing = data.Train.Preprocessing };
        (train, validation) = data.ForTraining(options.Seed);
        if (train.Count < options.BatchSize || validation.Count == 0)
        {
            throw new FoveaException(
                ErrorCode.BadDataset,
                $"The data set has {train.Count} training images and {validation.Count} validation images; "
                + $"expected at least one batch of {options.BatchSize} and 1 validation image.");
        }

        loader = new BatchLoader(train, options.BatchSize);
        step = new TrainingStep(
            network, options.BatchSize, options.Optimizer, layout, options.MicroBatch, options.Clip, options.Device,
            train.LabelSets is not null);
        average = new WeightAverage(step.Weights, options.Averaging, step.Memory);
        forward = new ForwardPass(network, step.Layout, average.Values, step.Memory);
        best = new FloatBuffer(step.Weights.Length);
        var buffers = Buffers();
        checkpoints = new(options, buffers, publish);
        var settings = Settings();
        var saved = options.Resume ? Checkpoint.Load(options.Checkpoint, settings, buffers) : null;
        state = saved ?? new TrainingState { Settings = settings };
    }

    private long TotalSteps => (long)options.Epochs * loader.BatchesPerEpoch;

    private bool Done => state.Epoch > options.Epochs || state.Epoch - 1 - state.BestEpoch >= options.Patience || !budget.FitsEpoch;

    /// <summary>The progress, with the scores of the best weights and of the weights at the start.</summary>
    public TrainingState State => state;

    /// <summary>The loss of each validation image with the best weights; null before the first validation of this process.</summary>
    public IReadOnlyList<double>? BestLosses { get; private set; }

    /// <summary>Trains the network, writes the model and its report, and deletes the checkpoint.</summary>
    /// <param name="stop">Stops the run after the current step.</param>
    /// <exception cref="OperationCanceledException">The run was stopped; a checkpoint of the last step has been written.</exception>
    /// <exception cref="FoveaException">Training diverged, or a file cannot be written. An existing checkpoint stays.</exception>
    public void Run(CancellationToken stop)
    {
        Learn(stop);
        Save(stop);
    }

    /// <summary>Trains the network, and writes no file but checkpoints.</summary>
    /// <inheritdoc cref="Run"/>
    public void Learn(CancellationToken stop)
    {
        AtomicFile.RemoveUnfinished(options.Output);
        AtomicFile.RemoveUnfinished(options.Checkpoint);
        foreach (var refused in data.RefusedInTraining)
        {
            publish(new FileRefused(refused.File, refused.Reason));
        }

        publish(new RunStarted(
            network.Name,
            train.Count,
            validation.Count,
            options.Epochs,
            loader.BatchesPerEpoch,
            options.BatchSize,
            options.LearningRate,
            state.Epoch,
            state.StepsInEpoch)
        {
            CompletedEpochs = state.History is [] ? null : state.History,
        });
        if (startIsCandidate && state.StartLoss is null)
        {
            var start = budget.Validate(() => Score.Of(forward.Run, validation, train.Labels.Count, stop));
            state = state with { StartLoss = start.Loss, StartAccuracy = start.Accuracy };
            Keep(0, start);
        }

        var loaded = loader.Epochs(options.Seed, state.Epoch, state.StepsInEpoch, options.Augmentation).GetEnumerator();
        using var batches = new BatchFeed(step, loaded, options, StepsDone + 1, TotalSteps);
        SavingWhenStopped(() =>
        {
            while (!Done)
            {
                budget.Epoch(state.StepsInEpoch, () => Epoch(batches, stop));
                if (Done || checkpoints.DueAfterEpoch)
                {
                    state = checkpoints.TrySave(state);
                }
            }
        });
    }

    /// <summary>Writes the model with the best weights and its report, and deletes the checkpoint.</summary>
    /// <inheritdoc cref="Run"/>
    public void Save(CancellationToken stop)
    {
        SavingWhenStopped(() =>
        {
            var fitted = Write(stop);
            var record = new RunRecord(
                state.History, state.Settings, state.Seconds, Refused: [.. data.RefusedInTraining], Fitted: fitted)
            {
                Report = options.Report,
                Check = options.Check,
                Preview = new(train, options.Augmentation, options.Seed),
            };
            Report.WriteAny(options.Output, validation, record, stop);
        });

        File.Delete(options.Checkpoint);
        var elapsed = budget.Elapsed;
        publish(new RunFinished(
            options.Output, state.BestEpoch, state.BestLoss, state.BestAccuracy, elapsed.TotalSeconds, waiting.Elapsed / elapsed));
    }

    public void Dispose()
    {
        forward.Dispose();
        average.Dispose();
        step.Dispose();
        ((IDisposable)best).Dispose();
    }

    private void SavingWhenStopped(Action act)
    {
        try
        {
            act();
        }
        catch (OperationCanceledException) when (options.HasCheckpoints)
        {
            state = checkpoints.Save(state);
            publish(new RunStopped(options.Checkpoint, state.Epoch, state.StepsInEpoch));
            throw;
        }
    }

    // The buffers that a checkpoint saves, by the names of their tensors.
    private Dictionary<string, FloatBuffer> Buffers()
    {
        var buffers = new Dictionary<string, FloatBuffer> { ["weights"] = step.Weights, ["best"] = best };
        if (average.Own is { } own)
        {
            buffers.Add("average", own);
        }

        foreach (var (i, buffer) in step.States.Index())
        {
            buffers.Add(string.Create(CultureInfo.InvariantCulture, $"optimizer.{i}"), buffer);
        }

        return buffers;
    }

    private void Epoch(BatchFeed batches, CancellationToken stop)
    {
        var (clock, waitedBefore, firstStep) = (Stopwatch.StartNew(), waiting.Elapsed, state.StepsInEpoch);
        while (state.StepsInEpoch < loader.BatchesPerEpoch)
        {
            stop.ThrowIfCancellationRequested();
            waiting.Start();
            var batch = batches.Next();
            waiting.Stop();
            double rate = Learn(batch);
            double stepsPerSecond = (state.StepsInEpoch - firstStep) / clock.Elapsed.TotalSeconds;
            publish(new StepDone(
                state.Epoch,
                state.StepsInEpoch,
                MeanLoss,
                MeanAccuracy,
                rate,
                stepsPerSecond * options.BatchSize,
                (TotalSteps - StepsDone) / stepsPerSecond));
            if (checkpoints.DueWithinEpoch && state.StepsInEpoch < loader.BatchesPerEpoch)
            {
                state = checkpoints.TrySave(state);
            }

            if (!budget.FitsRest(state.StepsInEpoch, loader.BatchesPerEpoch))
            {
                return;
            }
        }

        Validate((waiting.Elapsed - waitedBefore) / clock.Elapsed, stop);
    }

    private long StepsDone => (long)(state.Epoch - 1) * loader.BatchesPerEpoch + state.StepsInEpoch;

    private double MeanLoss => state.LossSum / state.StepsInEpoch;

    private double MeanAccuracy => (double)state.Correct / ((long)state.StepsInEpoch * options.BatchSize);

    // Runs one step on a batch and returns its learning rate.
    private double Learn(StagedBatch batch)
    {
        double rate = Rate(batch.Step);
        var (loss, correct) = step.Run(batch, rate);
        average.Add(batch.Step);
        if (!float.IsFinite(loss))
        {
            throw new FoveaException(ErrorCode.BadArgument, string.Create(
                CultureInfo.InvariantCulture,
                $"Training diverged: the loss is {loss} at step {batch.Step}. "
                + $"The learning rate is {options.LearningRate}; expected a lower one."));
        }

        state = state with { StepsInEpoch = state.StepsInEpoch + 1, LossSum = state.LossSum + loss, Correct = state.Correct + correct };
        return rate;
    }

    private void Validate(double waitingShare, CancellationToken stop)
    {
        var found = budget.Validate(() => Score.Of(forward.Run, validation, train.Labels.Count, stop));
        bool isBest = found.Loss < state.BestLoss;
        var done = new EpochDone(state.Epoch, Rate(StepsDone), MeanLoss, MeanAccuracy, found.Loss, found.Accuracy, isBest, waitingShare);
        publish(done);
        if (isBest)
        {
            Keep(state.Epoch, found);
        }

        state = state with { Epoch = state.Epoch + 1, StepsInEpoch = 0, LossSum = 0, Correct = 0, History = [.. state.History, done] };
    }

    private double Rate(long number) => Schedule.Rate(options.Schedule, options.LearningRate, options.WarmUp, number, TotalSteps);

    private void Keep(int epoch, Score found)
    {
        average.Values.CopyTo(best);
        BestLosses = found.Losses;
        state = state with { BestEpoch = epoch, BestLoss = found.Loss, BestAccuracy = found.Accuracy };
    }

    private FittedCalibration? Write(CancellationToken stop)
    {
        foreach (var (weight, offset) in step.Layout.Offsets)
        {
            network.Initializers[weight] = best.Tensor(offset, weight.Shape);
        }

        // Auxiliary heads only serve training, so the saved model has only the first output.
        while (network.Outputs.Count > 1)
        {
            network.Outputs.RemoveAt(1);
        }

        network.Prune();
        (metadata with
        {
            Labels = [.. train.Labels],
            Activation = train.LabelSets is null ? null : Activation.Sigmoid,
            Training = state.Record(options, train.Count, validation.Count, metadata.Training),
        }).WriteTo(network);
        var fitted = Calibrator.Calibrate(network, train, validation, options.Device, stop);
        if (fitted is not null)
        {
            publish(fitted.Fit);
        }

        try
        {
            OnnxFile.Write(network, options.Output);
        }
        catch (FoveaException e) when (e.Code == ErrorCode.CannotWrite)
        {
            throw new FoveaException(
                e.Code,
                $"{e.Message} The trained weights are in {options.Checkpoint}: the same command with --resume writes the model.",
                e);
        }

        return fitted;
    }

    private RunSettings Settings() => options.Settings() with
    {
        Network = string.Create(CultureInfo.InvariantCulture, $"{network.Name} {network.Inputs[0].Shape} {network.Outputs[0].Shape}"),
        Base = metadata.Training?.Base?.Sha256 ?? "random weights",
        ParameterGroups = string.Join(", ", step.Layout.Groups.Select(Text)),
        DatasetHash = train.Hash(),
        ValidationHash = validation.Hash(),
    };

    private static string Text(ParameterGroup group) =>
        string.Create(CultureInfo.InvariantCulture, $"{group.Length} at {group.RateFactor}");
}
