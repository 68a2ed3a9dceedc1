using System.Diagnostics;
using System.Globalization;
using Fovea.Models;

namespace Fovea.Training;

/// <summary>Trains a network from start to finish: epochs of steps, a look at the validation images after each, checkpoints in between.</summary>
internal sealed class Trainer : IDisposable
{
    private static readonly TimeSpan BetweenCheckpoints = TimeSpan.FromSeconds(60);

    private readonly Graph network;
    private readonly Dataset train, validation;
    private readonly TrainingOptions options;
    private readonly Action<TrainingEvent> tell;
    private readonly ModelMetadata metadata;
    private readonly BatchLoader loader;
    private readonly TrainingStep step;
    private readonly ForwardPass forward;
    private readonly FloatBuffer best;
    private readonly Dictionary<string, FloatBuffer> buffers;
    private readonly Stopwatch sinceCheckpoint = Stopwatch.StartNew();
    private TrainingState state;

    /// <summary>Prepares a run, going on from its checkpoint where the options say so.</summary>
    /// <exception cref="FoveaException">The data set does not fit the network, or the checkpoint is not of this run.</exception>
    public Trainer(Graph network, DatasetFolder data, TrainingOptions options, Action<TrainingEvent> tell)
    {
        (this.network, this.options, this.tell) = (network, options, tell);
        metadata = ModelMetadata.Read(network.Metadata) with { Preprocessing = data.Train.Preprocessing };
        (train, validation) = data.ForTraining(options.Seed);
        if (train.Count < options.BatchSize || validation.Count == 0)
        {
            throw new FoveaException(ErrorCode.BadDataset, $"There are {train.Count} images to train on and {validation.Count} to validate with; expected at least one batch of {options.BatchSize} and one image.");
        }

        loader = new BatchLoader(train, options.BatchSize);
        step = new TrainingStep(network, options.BatchSize, options.Optimizer);
        forward = new ForwardPass(network, step);
        best = new FloatBuffer(step.Parameters.Length);
        buffers = new() { ["parameters"] = step.Parameters, ["best"] = best };
        foreach (var (i, buffer) in step.States.Index())
        {
            buffers.Add(string.Create(CultureInfo.InvariantCulture, $"optimizer.{i}"), buffer);
        }

        var settings = Settings();
        state = (options.Resume ? Checkpoint.Load(options.Checkpoint, settings, buffers) : null) ?? new TrainingState { Settings = settings };
    }

    private long StepsInAll => (long)options.Epochs * loader.BatchesPerEpoch;

    /// <summary>Trains, writes the model and its report, and removes the checkpoint.</summary>
    /// <exception cref="OperationCanceledException">It was told to stop; a checkpoint of the last step is written.</exception>
    public void Run(CancellationToken stop)
    {
        var running = Stopwatch.StartNew();
        tell(new RunStarted(network.Name, train.Count, validation.Count, options.Epochs, loader.BatchesPerEpoch, options.BatchSize, state.Epoch, state.StepsInEpoch));
        try
        {
            while (state.Epoch <= options.Epochs)
            {
                Epoch(stop);
                Validate(stop);
                Save();
            }

            Write();
            Report.Write(options.Output, validation, new RunRecord(state.History, state.Settings, state.Seconds), stop);
        }
        catch (OperationCanceledException)
        {
            Save();
            tell(new RunStopped(options.Checkpoint, state.Epoch, state.StepsInEpoch));
            throw;
        }

        File.Delete(options.Checkpoint);
        tell(new RunFinished(options.Output, state.BestEpoch, state.BestLoss, state.BestAccuracy, running.Elapsed.TotalSeconds));
    }

    public void Dispose()
    {
        forward.Dispose();
        step.Dispose();
        ((IDisposable)best).Dispose();
    }

    private void Epoch(CancellationToken stop)
    {
        var clock = Stopwatch.StartNew();
        int first = state.StepsInEpoch;
        foreach (var batch in loader.Epoch(options.Seed, state.Epoch, first))
        {
            stop.ThrowIfCancellationRequested();
            batch.Images.CopyTo(step.Images);
            OneHot(batch.Targets, step.Targets);
            long number = (long)(state.Epoch - 1) * loader.BatchesPerEpoch + state.StepsInEpoch + 1;
            double rate = CosineSchedule.Rate(options.LearningRate, number, StepsInAll);
            var (loss, correct) = step.Run(number, rate);
            if (!float.IsFinite(loss))
            {
                throw new FoveaException(ErrorCode.BadArgument, $"The loss is {loss} at step {number}: training diverged. Expected a lower learning rate than {options.LearningRate}.");
            }

            state = state with { StepsInEpoch = state.StepsInEpoch + 1, LossSum = state.LossSum + loss, Correct = state.Correct + correct };
            double stepsPerSecond = (state.StepsInEpoch - first) / clock.Elapsed.TotalSeconds;
            tell(new StepDone(
                state.Epoch, state.StepsInEpoch, MeanLoss, MeanAccuracy, rate, stepsPerSecond * options.BatchSize, (StepsInAll - number) / stepsPerSecond));
            if (sinceCheckpoint.Elapsed > BetweenCheckpoints && state.StepsInEpoch < loader.BatchesPerEpoch)
            {
                Save();
            }
        }
    }

    private double MeanLoss => state.LossSum / state.StepsInEpoch;

    private double MeanAccuracy => (double)state.Correct / ((long)state.StepsInEpoch * options.BatchSize);

    private void Validate(CancellationToken stop)
    {
        var found = Evaluation.Of(forward.Run, validation, train.Labels.Count, stop: stop);
        bool isBest = found.Loss < state.BestLoss || state.BestEpoch == 0;
        tell(new EpochDone(state.Epoch, MeanLoss, MeanAccuracy, found.Loss, found.Accuracy, isBest));
        if (isBest)
        {
            step.Parameters.Floats.CopyTo(best.Floats);
            state = state with { BestEpoch = state.Epoch, BestLoss = found.Loss, BestAccuracy = found.Accuracy };
        }

        double rate = CosineSchedule.Rate(options.LearningRate, (long)state.Epoch * loader.BatchesPerEpoch, StepsInAll);
        state = state with { History = [.. state.History, new(state.Epoch, rate, MeanLoss, MeanAccuracy, found.Loss, found.Accuracy)] };
        state = state with { Epoch = state.Epoch + 1, StepsInEpoch = 0, LossSum = 0, Correct = 0 };
    }

    private void Save()
    {
        state = state with { Seconds = state.Seconds + sinceCheckpoint.Elapsed.TotalSeconds };
        sinceCheckpoint.Restart();
        Checkpoint.Save(options.Checkpoint, state, buffers);
        tell(new CheckpointSaved(options.Checkpoint, state.Epoch, state.StepsInEpoch));
    }

    private void Write()
    {
        foreach (var (parameter, offset) in step.Layout.Offsets)
        {
            network.Initializers[parameter] = best.Tensor(offset, parameter.Shape);
        }

        var record = new TrainingRecord(
            options.Dataset, state.Settings["data set"], train.Count, options.Epochs, options.BatchSize, options.Optimizer.Name,
            options.LearningRate, options.Seed, state.BestEpoch, state.BestAccuracy, state.BestLoss, validation.Count);
        (metadata with { Labels = [.. train.Labels], Training = record }).WriteTo(network);
        OnnxFile.Write(network, options.Output);
    }

    private SortedDictionary<string, string> Settings() => new(StringComparer.Ordinal)
    {
        ["network"] = string.Create(CultureInfo.InvariantCulture, $"{network.Name} {network.Inputs[0].Shape} {network.Outputs[0].Shape}"),
        ["data set"] = train.Hash(),
        ["epochs"] = options.Epochs.ToString(CultureInfo.InvariantCulture),
        ["batch size"] = options.BatchSize.ToString(CultureInfo.InvariantCulture),
        ["learning rate"] = options.LearningRate.ToString(CultureInfo.InvariantCulture),
        ["optimizer"] = options.Optimizer.Name,
        ["seed"] = options.Seed.ToString(CultureInfo.InvariantCulture),
    };

    private void OneHot(ReadOnlySpan<int> targets, Span<float> rows)
    {
        rows.Clear();
        int classes = train.Labels.Count;
        for (int i = 0; i < targets.Length; i++)
        {
            rows[i * classes + targets[i]] = 1;
        }
    }
}
