using System.Globalization;
using Fovea.Api.Jobs;
using Fovea.Api.Problems;
using Fovea.Models.TrainingEvents;

namespace Fovea.Api.Workers;

/// <summary>
/// Reads the events that the training program prints, and writes the job's events, checkpoints, hyperparameters and estimated end. The
/// lines that a worker had not read when it lost its lease are lost. So each training states the epochs of its checkpoint. Epochs that have
/// no event yet get one.
/// </summary>
/// <param name="job">The job.</param>
/// <param name="epochMessages">
/// The messages of the epochs that have an event, each up to its colon: <c>Epoch 1 of 2</c>. New ones are added.
/// </param>
/// <param name="paths">Removes the paths of this machine from messages.</param>
/// <param name="time">The clock.</param>
internal sealed class TrainingProgress(HeldJob job, HashSet<string> epochMessages, PrivatePaths paths, TimeProvider time)
{
    private const string EpochBeginning = "Epoch ";

    // Steps are reported at most this often: each report is stored in the database, and a long job takes many steps.
    private static readonly TimeSpan BetweenMetrics = TimeSpan.FromSeconds(2);

    private readonly TrainingEventReader reader = new();
    private JobMetrics latest = new();
    private long? lastMetrics, lastStep;
    private double validationSeconds;
    private int epochs, stepsPerEpoch, validationImages;

    /// <summary>The number of checkpoints saved so far.</summary>
    public int Checkpoints { get; private set; }

    /// <summary>Whether the training program has read its checkpoint, if there is one, and has begun with the epochs.</summary>
    public bool HasBegun { get; private set; }

    /// <summary>Whether the training program has left out images, for example because their files could not be read.</summary>
    public bool HasLeftOut { get; private set; }

    /// <summary>Returns the messages of the epochs of a job that have an event, each up to its colon.</summary>
    public static async Task<HashSet<string>> EpochMessages(HeldJob job, CancellationToken stop) =>
        [.. (await job.Messages(EpochBeginning, stop)).Select(message => message.Split(':')[0])];

    /// <summary>Reads one line. Skips a line that is not a JSON object, and an event of an unknown kind.</summary>
    /// <exception cref="ServiceException"><see cref="ServiceError.TrainingFailed"/>: the training program writes events of another version,
    /// or an event is damaged.</exception>
    public ValueTask Read(string line) => Parse(line) switch
    {
        FileRefused e => Refused(e),
        LeaksFound e => Tell(
            (e.Images == 1 ? "1 training image is a copy of a validation image"
                : $"{e.Images} training images are copies of validation images")
                + ": left out of training, so that no image is both a training and a validation image.",
            JobEvent.Warning),
        HeadFound e => Tell(e.Description),
        MethodChosen e => Tell($"Method {e.Method}: {e.Reason}.", metrics: new() { Method = e.Method }),
        OptionsUnused e => Unused(e),
        StatisticsFrozen e => Tell(
            $"{e.Layers} layers of batch normalisation keep the running statistics of the base model.",
            metrics: new() { FrozenLayers = e.Layers }),
        NotRewritten e => Tell(
            $"The network runs unchanged, because rewriting it failed: {paths.RemoveFrom(e.Reason)}", JobEvent.Warning),
        FeaturesDone e => Features(e),
        PenaltyTried { Chosen: true } e => Penalty(e),
        HeadTrained e => Head(e),
        TrialPlanned e => Trial(e),
        MethodsCompared e => Compared(e),
        CalibrationFitted e => Tell(Say(
            $"Probabilities are calibrated by {e.Source}: the temperature {e.Temperature:F2} brings the calibration error from ")
            + Say($"{e.ErrorBefore:P2} to {e.ErrorAfter:P2}.")),
        RunStarted e => Started(e),
        StepDone e => Step(e),
        EpochDone e => Epoch(e),
        CheckpointSaved e => Checkpoint(e),
        CheckpointFailed e => Tell(
            $"{paths.RemoveFrom(e.Message)} The previous checkpoint is intact, and training continues.", JobEvent.Warning),
        RunStopped e => Tell(
            $"Training has stopped in epoch {e.Epoch} after step {e.Step}.",
            metrics: new() { Epoch = e.Epoch, Step = StepsBefore(e.Epoch) + e.Step }),
        RunFinished e => Finished(e),
        _ => ValueTask.CompletedTask,
    };

    private ValueTask Refused(FileRefused e)
    {
        HasLeftOut = true;
        return Tell($"Left out: {Path.GetFileName(e.File)}: {e.Reason}", JobEvent.Warning);
    }

    private TrainingEvent? Parse(string line)
    {
        try
        {
            return reader.Read(line);
        }
        catch (InvalidDataException e)
        {
            throw new ServiceException(ServiceError.TrainingFailed, e.Message, e);
        }
    }

    private ValueTask Tell(string message, string level = JobEvent.Info, JobMetrics? metrics = null) =>
        job.Post(now => now.Tell(message, level, metrics));

    private ValueTask Tell(double secondsLeft, string message, JobMetrics metrics)
    {
        long finish = time.GetUtcNow().AddSeconds(secondsLeft).ToUnixTimeMilliseconds();
        return job.Post(now =>
        {
            now.EstimatedFinish = finish;
            now.Tell(message, metrics: metrics);
        });
    }

    private ValueTask Unused(OptionsUnused e)
    {
        // Reports only the options that a job's request can set.
        string[] options = [.. e.Options.Select(Hyperparameter).OfType<string>()];
        return options is []
            ? ValueTask.CompletedTask
            : Tell($"{string.Join(", ", options)} had no effect, because only a new last layer was trained.", JobEvent.Warning);

        static string? Hyperparameter(string option) => option switch
        {
            "--epochs" => "n_epochs",
            "--batch-size" => "batch_size",
            "--learning-rate" => "learning_rate",
            _ => null,
        };
    }

    /// <summary>Writes an event for each completed epoch that has none.</summary>
    public async ValueTask CatchUp(IReadOnlyList<EpochDone> completed)
    {
        epochs = epochs > 0 ? epochs : job.Now.Epochs ?? completed.Count;
        foreach (var epoch in completed)
        {
            await Epoch(epoch);
        }
    }

    private async ValueTask Started(RunStarted e)
    {
        HasBegun = true;
        (epochs, stepsPerEpoch, validationImages) = (e.Epochs, e.StepsPerEpoch, e.ValidationImages);
        var summary = $"Training on {e.Images} images, validating with {e.ValidationImages}: "
            + $"{e.Epochs} epochs of {e.StepsPerEpoch} steps of {e.BatchSize} images.";
        await job.Post(now =>
        {
            string[] chosen =
            [
                .. Chosen("n_epochs", now.Epochs, $"{e.Epochs}", "the usual number for new classes"),
                .. Chosen("batch_size", now.BatchSize, $"{e.BatchSize}", "the usual size, or all images if there are fewer"),
                .. Chosen(
                    "learning_rate", now.LearningRate, Say($"{e.LearningRate}"),
                    "a small rate; layers that are trained already get a tenth of it"),
            ];
            (now.Epochs, now.BatchSize, now.LearningRate) = (e.Epochs, e.BatchSize, e.LearningRate);
            if (chosen.Length > 0)
            {
                now.Tell(
                    $"Chosen for auto: {string.Join("; ", chosen)}.",
                    metrics: new() { Epochs = e.Epochs, BatchSize = e.BatchSize, LearningRate = e.LearningRate });
            }

            now.Tell(summary, metrics: new()
            {
                Images = e.Images,
                ValidImages = e.ValidationImages,
                Epochs = e.Epochs,
                StepsPerEpoch = e.StepsPerEpoch,
                BatchSize = e.BatchSize,
                TotalSteps = StepsBefore(e.Epochs + 1),
            });
        });
        await CatchUp(e.CompletedEpochs ?? []);

        static string[] Chosen(string name, object? asked, string value, string reason) =>
            asked is null ? [$"{name} {value} ({reason})"] : [];
    }

    private ValueTask Step(StepDone e)
    {
        lastStep = time.GetTimestamp();
        long step = StepsBefore(e.Epoch) + e.Step, steps = StepsBefore(epochs + 1);
        latest = latest with { Step = step, TrainLoss = e.Loss, TrainAccuracy = e.Accuracy };
        if (lastMetrics is { } last && time.GetElapsedTime(last) < BetweenMetrics)
        {
            return ValueTask.CompletedTask;
        }

        lastMetrics = lastStep;
        var metrics = latest with
        {
            ValidLoss = null,
            ValidAccuracy = null,
            TotalSteps = steps,
            Epoch = e.Epoch,
            LearningRate = e.LearningRate,
            ImagesPerSecond = e.ImagesPerSecond,
        };

        // The network is validated after the present epoch and each later one, and once more for the report.
        double left = e.SecondsLeft + (validationSeconds * (epochs - e.Epoch + 2));
        return Tell(left, Say($"Step {step} of {steps}: training loss {e.Loss:F4}"), metrics);
    }

    private ValueTask Epoch(EpochDone e)
    {
        validationSeconds = lastStep is { } last ? time.GetElapsedTime(last).TotalSeconds : 0;
        latest = new()
        {
            Step = KnownStepsBefore(e.Epoch + 1),
            TrainLoss = e.Loss,
            TrainAccuracy = e.Accuracy,
            ValidLoss = e.ValidationLoss,
            ValidAccuracy = e.ValidationAccuracy,
        };
        var best = e.Best ? ", the best so far" : "";
        var epoch = EpochBeginning + Say($"{e.Epoch} of {epochs}");

        // An epoch that is trained again from an earlier checkpoint has no second event. On another kind of processor its last digits may
        // differ, so they are not compared.
        return epochMessages.Add(epoch)
            ? Tell(
                epoch + Say($": validation loss {e.ValidationLoss:F4}, accuracy {e.ValidationAccuracy:P2}{best}"),
                metrics: latest with { TotalSteps = KnownStepsBefore(epochs + 1), Epoch = e.Epoch })
            : ValueTask.CompletedTask;
    }

    private ValueTask Checkpoint(CheckpointSaved e)
    {
        Checkpoints++;
        long step = StepsBefore(e.Epoch) + e.Step, at = time.GetUtcNow().ToUnixTimeMilliseconds();
        return job.Post(
            now => now.Tell($"Checkpoint after step {step}.", metrics: new() { Step = step, Epoch = e.Epoch }),
            new() { JobId = job.Now.Id, Step = step, CreatedAt = at, Metrics = (latest with { Step = step }).ToJson() });
    }

    private ValueTask Features(FeaturesDone e) => Tell(
        // After the features, the report classifies the validation images, which takes about as long per image.
        e.SecondsLeft + (validationImages / e.ImagesPerSecond),
        Say($"Computed the features of {e.Images} of {e.AllImages} images, {e.ImagesPerSecond:F0} images/s"),
        new() { Images = e.Images, TotalImages = e.AllImages, ImagesPerSecond = e.ImagesPerSecond });

    private ValueTask Head(HeadTrained e)
    {
        latest = latest with { ValidLoss = e.ValidationLoss, ValidAccuracy = e.ValidationAccuracy };
        return Tell(
            Say($"A new last layer is trained: validation loss {e.ValidationLoss:F4}, accuracy {e.ValidationAccuracy:P2}"),
            metrics: new() { ValidLoss = e.ValidationLoss, ValidAccuracy = e.ValidationAccuracy });
    }

    private ValueTask Trial(TrialPlanned e)
    {
        // A trial has no checkpoints: after an interruption it begins anew, with a number of epochs that fits into the time that is left.
        epochMessages.Clear();
        return Tell(
            e.Method is { } method ? $"Trying {method}: {e.Reason}." : $"Only {e.Reason}.",
            metrics: new() { Method = e.Method ?? "head" });
    }

    private ValueTask Compared(MethodsCompared e) => Tell(
        Say($"The method {e.Winner} is better: validation accuracy {e.Accuracy:P2}, with {e.Other} {e.OtherAccuracy:P2}; ")
            + Say($"validation loss {e.Loss:F4}, with {e.Other} {e.OtherLoss:F4}; {e.Reason}."),
        metrics: new()
        {
            Method = e.Winner,
            ValidLoss = e.Loss,
            ValidAccuracy = e.Accuracy,
            OtherMethod = e.Other,
            OtherLoss = e.OtherLoss,
            OtherAccuracy = e.OtherAccuracy,
        });

    private ValueTask Penalty(PenaltyTried e) => Tell(
        Say($"The weight penalty {e.Penalty} has the lowest loss in cross-validation, {e.Loss:F4}; accuracy {e.Accuracy:P2}"),
        metrics: new() { Penalty = e.Penalty, Folds = e.Folds, TrainLoss = e.Loss, TrainAccuracy = e.Accuracy });

    private ValueTask Finished(RunFinished e) => Tell(
        Say($"Training is done: {e.ValidationAccuracy:P2} of the validation images are classified correctly."),
        metrics: new()
        {
            ValidLoss = e.ValidationLoss,
            ValidAccuracy = e.ValidationAccuracy,
            BestEpoch = e.BestEpoch,
            Seconds = e.Seconds,
        });

    private long StepsBefore(int epoch) => (long)(epoch - 1) * stepsPerEpoch;

    // The number of steps in an epoch is unknown if this worker only catches up on epochs that another worker has trained.
    private long? KnownStepsBefore(int epoch) => stepsPerEpoch > 0 ? StepsBefore(epoch) : null;

    private static string Say(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
