using System.Diagnostics;
using System.Globalization;
using Fovea.Models;

namespace Fovea.Training;

/// <summary>Trains a network from start to finish: epochs of steps, a look at the validation images after each, checkpoints in between.</summary>
internal sealed class Trainer : IDisposable
{
    private readonly Graph network;
    private readonly DatasetFolder data;
    private readonly Dataset train, validation;
    private readonly TrainingOptions options;
    private readonly Action<TrainingEvent> tell;
    private readonly IReadOnlyDictionary<Value, Tensor>? rival;
    private readonly ModelMetadata metadata;
    private readonly BatchLoader loader;
    private readonly TrainingStep step;
    private readonly ForwardPass forward;
    private readonly WeightAverage average;
    private readonly FloatBuffer best;
    private readonly CheckpointWriter checkpoints;
    private readonly Stopwatch waiting = new();
    private TrainingState state;

    /// <summary>Prepares a run, going on from its checkpoint where the options say so.</summary>
    /// <param name="network">What is trained; its weights are where learning begins. When the run is done they are the learnt ones.</param>
    /// <param name="data">What it learns from.</param>
    /// <param name="options">How.</param>
    /// <param name="tell">Is told how far the run has come.</param>
    /// <param name="layout">What of the network is learnt, at which rates; null: all, at one.</param>
    /// <param name="rival">Weights with which the network, otherwise as it comes, is one of those that the best is chosen from; null: it is none.</param>
    /// <exception cref="FoveaException">The data set does not fit the network, or the checkpoint is not of this run.</exception>
    public Trainer(Graph network, DatasetFolder data, TrainingOptions options, Action<TrainingEvent> tell, ParameterLayout? layout = null, IReadOnlyDictionary<Value, Tensor>? rival = null)
    {
        (this.network, this.data, this.options, this.tell, this.rival) = (network, data, options, tell, rival);
        metadata = ModelMetadata.Read(network.Metadata) with { Preprocessing = data.Train.Preprocessing };
        (train, validation) = data.ForTraining(options.Seed);
        if (train.Count < options.BatchSize || validation.Count == 0)
        {
            throw new FoveaException(ErrorCode.BadDataset, $"There are {train.Count} images to train on and {validation.Count} to validate with; expected at least one batch of {options.BatchSize} and one image.");
        }

        loader = new BatchLoader(train, options.BatchSize);
        step = new TrainingStep(network, options.BatchSize, options.Optimizer, layout, options.MicroBatch, options.Clip, options.Seed, options.Device);
        average = new WeightAverage(step.Weights, options.Averaging);
        forward = new ForwardPass(network, step.Layout, average.Values, options.Device);
        best = new FloatBuffer(step.Weights.Length);
        var buffers = new Dictionary<string, FloatBuffer> { ["weights"] = step.Weights, ["best"] = best };
        if (average.Own is { } own)
        {
            buffers.Add("average", own);
        }

        foreach (var (i, buffer) in step.States.Index())
        {
            buffers.Add(string.Create(CultureInfo.InvariantCulture, $"optimizer.{i}"), buffer);
        }

        checkpoints = new(options, buffers, tell);
        var settings = Settings();
        state = (options.Resume ? Checkpoint.Load(options.Checkpoint, settings, buffers) : null) ?? new TrainingState { Settings = settings };
    }

    private long StepsInAll => (long)options.Epochs * loader.BatchesPerEpoch;

    private bool Done => state.Epoch > options.Epochs || state.Epoch - 1 - state.BestEpoch >= options.Patience;

    /// <summary>Trains, writes the model and removes the checkpoint.</summary>
    /// <exception cref="OperationCanceledException">It was told to stop; a checkpoint of the last step is written.</exception>
    /// <exception cref="FoveaException">Training diverged, or the model cannot be written; then its checkpoint stays.</exception>
    public void Run(CancellationToken stop)
    {
        var running = Stopwatch.StartNew();
        AtomicFile.RemoveUnfinished(options.Output);
        AtomicFile.RemoveUnfinished(options.Checkpoint);
        foreach (var refused in data.RefusedInTraining)
        {
            tell(new FileRefused(refused.File, refused.Reason));
        }

        tell(new RunStarted(network.Name, train.Count, validation.Count, options.Epochs, loader.BatchesPerEpoch, options.BatchSize, options.LearningRate, state.Epoch, state.StepsInEpoch));
        if (rival is not null && state.BestLoss == double.MaxValue)
        {
            KeepRival(rival, stop);
        }

        using var batches = loader.Epochs(options.Seed, state.Epoch, state.StepsInEpoch, options.Augmentation).GetEnumerator();
        try
        {
            while (!Done)
            {
                Epoch(batches, stop);
                if (Done || checkpoints.DueAfterEpoch)
                {
                    state = checkpoints.TrySave(state);
                }
            }

            Write();
            Report.Write(options.Output, validation, new RunRecord(state.History, state.Settings, state.Seconds, Refused: [.. data.RefusedInTraining]), stop);
        }
        catch (OperationCanceledException)
        {
            state = checkpoints.Save(state);
            tell(new RunStopped(options.Checkpoint, state.Epoch, state.StepsInEpoch));
            throw;
        }

        File.Delete(options.Checkpoint);
        tell(new RunFinished(options.Output, state.BestEpoch, state.BestLoss, state.BestAccuracy, running.Elapsed.TotalSeconds, waiting.Elapsed / running.Elapsed));
    }

    public void Dispose()
    {
        forward.Dispose();
        average.Dispose();
        step.Dispose();
        ((IDisposable)best).Dispose();
    }

    private void Epoch(IEnumerator<Batch> batches, CancellationToken stop)
    {
        var (clock, waited, first) = (Stopwatch.StartNew(), waiting.Elapsed, state.StepsInEpoch);
        while (state.StepsInEpoch < loader.BatchesPerEpoch)
        {
            stop.ThrowIfCancellationRequested();
            waiting.Start();
            batches.MoveNext();
            waiting.Stop();
            double rate = Learn(batches.Current);
            double stepsPerSecond = (state.StepsInEpoch - first) / clock.Elapsed.TotalSeconds;
            tell(new StepDone(
                state.Epoch, state.StepsInEpoch, MeanLoss, MeanAccuracy, rate, stepsPerSecond * options.BatchSize, (StepsInAll - StepsDone) / stepsPerSecond));
            if (checkpoints.DueWithinEpoch && state.StepsInEpoch < loader.BatchesPerEpoch)
            {
                state = checkpoints.TrySave(state);
            }
        }

        Validate((waiting.Elapsed - waited) / clock.Elapsed, stop);
    }

    private long StepsDone => (long)(state.Epoch - 1) * loader.BatchesPerEpoch + state.StepsInEpoch;

    private double MeanLoss => state.LossSum / state.StepsInEpoch;

    private double MeanAccuracy => (double)state.Correct / ((long)state.StepsInEpoch * options.BatchSize);

    // Gives the learning rate.
    private double Learn(Batch batch)
    {
        batch.Images.CopyTo(step.Images);
        TargetRows.Write(batch, options.LabelSmoothing, step.Targets);
        long number = StepsDone + 1;
        double rate = Schedule.Rate(options.Schedule, options.LearningRate, options.WarmUp, number, StepsInAll);
        var (loss, correct) = step.Run(number, rate);
        average.Add(number);
        if (!float.IsFinite(loss))
        {
            throw new FoveaException(ErrorCode.BadArgument, $"The loss is {loss} at step {number}: training diverged. Expected a lower learning rate than {options.LearningRate}.");
        }

        state = state with { StepsInEpoch = state.StepsInEpoch + 1, LossSum = state.LossSum + loss, Correct = state.Correct + correct };
        return rate;
    }

    private void Validate(double waitingShare, CancellationToken stop)
    {
        var found = Evaluation.Of(forward.Run, validation, train.Labels.Count, stop: stop);
        bool isBest = found.Loss < state.BestLoss;
        double rate = Schedule.Rate(options.Schedule, options.LearningRate, options.WarmUp, StepsDone, StepsInAll);
        var done = new EpochDone(state.Epoch, rate, MeanLoss, MeanAccuracy, found.Loss, found.Accuracy, isBest, waitingShare);
        tell(done);
        if (isBest)
        {
            Keep(state.Epoch, found);
        }

        state = state with { Epoch = state.Epoch + 1, StepsInEpoch = 0, LossSum = 0, Correct = 0, History = [.. state.History, done] };
    }

    private void KeepRival(IReadOnlyDictionary<Value, Tensor> weights, CancellationToken stop)
    {
        var own = average.Values.Floats.ToArray();
        foreach (var (weight, values) in weights)
        {
            values.Floats.CopyTo(average.Values.Floats[step.Layout.Offsets[weight]..]);
        }

        Keep(0, Evaluation.Of(forward.Run, validation, train.Labels.Count, stop: stop));
        own.CopyTo(average.Values.Floats);
    }

    private void Keep(int epoch, Evaluation found)
    {
        average.Values.Floats.CopyTo(best.Floats);
        state = state with { BestEpoch = epoch, BestLoss = found.Loss, BestAccuracy = found.Accuracy };
    }

    private void Write()
    {
        foreach (var (weight, offset) in step.Layout.Offsets)
        {
            network.Initializers[weight] = best.Tensor(offset, weight.Shape);
        }

        // Heads that only serve training stay behind.
        while (network.Outputs.Count > 1)
        {
            network.Outputs.RemoveAt(1);
        }

        network.Prune();
        var record = new TrainingRecord(
            options.Dataset, state.Settings["data set"], train.Count, options.Epochs, options.BatchSize, options.Optimizer.Name, options.LearningRate, options.Seed,
            state.BestEpoch > 0 ? state.BestEpoch : null, state.BestAccuracy, state.BestLoss, validation.Count, Method: metadata.Training?.Method, Base: metadata.Training?.Base);
        (metadata with { Labels = [.. train.Labels], Training = record }).WriteTo(network);
        try
        {
            OnnxFile.Write(network, options.Output);
        }
        catch (FoveaException e) when (e.Code == ErrorCode.CannotWrite)
        {
            throw new FoveaException(e.Code, $"{e.Message} What was learnt is in {options.Checkpoint}: the same command with --resume writes it.", e);
        }
    }

    private SortedDictionary<string, string> Settings() => new(options.Deciding().ToDictionary(), StringComparer.Ordinal)
    {
        ["network"] = string.Create(CultureInfo.InvariantCulture, $"{network.Name} {network.Inputs[0].Shape} {network.Outputs[0].Shape}"),
        ["base"] = metadata.Training?.Base?.Sha256 ?? "random weights",
        ["what is learnt"] = string.Join(", ", step.Layout.Groups.Select(g => string.Create(CultureInfo.InvariantCulture, $"{g.Length} at {g.RateFactor}"))),
        ["data set"] = train.Hash(),
        ["validation images"] = validation.Hash(),
    };
}
