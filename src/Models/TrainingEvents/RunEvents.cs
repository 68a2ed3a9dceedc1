using System.Text.Json.Serialization;

namespace Fovea.Models.TrainingEvents;

/// <summary>The run starts, or resumes from a checkpoint.</summary>
/// <param name="Model">The network's name.</param>
/// <param name="Images">The number of training images.</param>
/// <param name="ValidationImages">The number of validation images.</param>
/// <param name="Epochs">The number of epochs.</param>
/// <param name="StepsPerEpoch">The number of steps in an epoch.</param>
/// <param name="BatchSize">The number of images in a step.</param>
/// <param name="LearningRate">The highest learning rate of the schedule.</param>
/// <param name="ResumedEpoch">The epoch in which the run starts, from 1.</param>
/// <param name="ResumedStep">The number of completed steps of that epoch; 0 for a new epoch.</param>
public sealed record RunStarted(
    string Model,
    int Images,
    int ValidationImages,
    int Epochs,
    int StepsPerEpoch,
    int BatchSize,
    double LearningRate,
    int ResumedEpoch,
    int ResumedStep) : TrainingEvent
{
    /// <summary>
    /// The epochs that were complete in the checkpoint, in order, so that a reader can catch up on those that it missed; <c>null</c> if the
    /// run starts anew. All are in one line of output, about 200 bytes each: 20 MB for 100,000 epochs.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<EpochDone>? CompletedEpochs { get; init; }
}

/// <summary>A training step, which trains on one batch of images, is complete.</summary>
/// <param name="Epoch">The epoch, from 1.</param>
/// <param name="Step">The step within the epoch, from 1.</param>
/// <param name="Loss">The mean training loss of the epoch so far, in nats.</param>
/// <param name="Accuracy">The mean training accuracy of the epoch so far, 0 to 1.</param>
/// <param name="LearningRate">The learning rate of the step.</param>
/// <param name="ImagesPerSecond">The mean speed of the epoch so far, in images per second.</param>
/// <param name="SecondsLeft">The estimated time to the end of the run, in seconds.</param>
public sealed record StepDone(
    int Epoch, int Step, double Loss, double Accuracy, double LearningRate, double ImagesPerSecond, double SecondsLeft) : TrainingEvent;

/// <summary>An epoch is complete, and its weights were evaluated on the validation images.</summary>
/// <param name="Epoch">The epoch, from 1.</param>
/// <param name="LearningRate">The learning rate of the epoch's last step.</param>
/// <param name="Loss">The mean training loss, in nats.</param>
/// <param name="Accuracy">The mean training accuracy, 0 to 1.</param>
/// <param name="ValidationLoss">The validation loss, in nats.</param>
/// <param name="ValidationAccuracy">The validation accuracy, 0 to 1.</param>
/// <param name="Best">Whether the validation loss is the lowest so far.</param>
/// <param name="WaitingShare">The share of the epoch's time in which steps waited for data, 0 to 1.</param>
public sealed record EpochDone(
    int Epoch,
    double LearningRate,
    double Loss,
    double Accuracy,
    double ValidationLoss,
    double ValidationAccuracy,
    bool Best,
    double WaitingShare) : TrainingEvent;

/// <summary>A checkpoint was written. The run can be resumed from it.</summary>
/// <param name="Path">The path of the checkpoint.</param>
/// <param name="Epoch">The current epoch, from 1.</param>
/// <param name="Step">The number of completed steps of that epoch.</param>
public sealed record CheckpointSaved(string Path, int Epoch, int Step) : TrainingEvent;

/// <summary>A checkpoint could not be written. The previous checkpoint is intact, and the run continues.</summary>
/// <param name="Path">The path of the checkpoint.</param>
/// <param name="Message">The reason, as a sentence.</param>
public sealed record CheckpointFailed(string Path, string Message) : TrainingEvent;

/// <summary>The run was interrupted and wrote a last checkpoint.</summary>
/// <param name="Checkpoint">The path of the checkpoint.</param>
/// <param name="Epoch">The current epoch, from 1.</param>
/// <param name="Step">The number of completed steps of that epoch.</param>
public sealed record RunStopped(string Checkpoint, int Epoch, int Step) : TrainingEvent;

/// <summary>The run is complete, and the model file was written.</summary>
/// <param name="Output">The path of the model file.</param>
/// <param name="BestEpoch">The epoch of the saved weights; 0 if they come from before the first epoch.</param>
/// <param name="ValidationLoss">The validation loss of the saved weights, in nats.</param>
/// <param name="ValidationAccuracy">The validation accuracy of the saved weights, 0 to 1.</param>
/// <param name="Seconds">The time of this process, in seconds. After a resumption, earlier processes do not count.</param>
/// <param name="WaitingShare">The share of this time in which steps waited for data, 0 to 1.</param>
public sealed record RunFinished(
    string Output, int BestEpoch, double ValidationLoss, double ValidationAccuracy, double Seconds, double WaitingShare) : TrainingEvent;
