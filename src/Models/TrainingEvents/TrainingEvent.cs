using System.Text.Json.Serialization;

namespace Fovea.Models.TrainingEvents;

/// <summary>
/// An event of a training run. The names of the events and of their properties are the schema of <c>--json-lines</c>, which the training
/// program writes and the service reads. Adding an event or a property keeps the schema's version; every other change needs a new version.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "event")]
[JsonDerivedType(typeof(FileRefused), "refused")]
[JsonDerivedType(typeof(LeaksFound), "leaks")]
[JsonDerivedType(typeof(RecipeChosen), "recipe")]
[JsonDerivedType(typeof(RunStarted), "started")]
[JsonDerivedType(typeof(StepDone), "step")]
[JsonDerivedType(typeof(EpochDone), "epoch")]
[JsonDerivedType(typeof(CheckpointSaved), "checkpoint")]
[JsonDerivedType(typeof(CheckpointFailed), "warning")]
[JsonDerivedType(typeof(RunStopped), "stopped")]
[JsonDerivedType(typeof(RunFinished), "finished")]
[JsonDerivedType(typeof(HeadFound), "head")]
[JsonDerivedType(typeof(MethodChosen), "method")]
[JsonDerivedType(typeof(OptionsUnused), "unused")]
[JsonDerivedType(typeof(StatisticsFrozen), "frozen")]
[JsonDerivedType(typeof(NotRewritten), "not_rewritten")]
[JsonDerivedType(typeof(FeaturesDone), "features")]
[JsonDerivedType(typeof(PenaltyTried), "penalty")]
[JsonDerivedType(typeof(HeadTrained), "head_trained")]
[JsonDerivedType(typeof(TrialPlanned), "trial")]
[JsonDerivedType(typeof(MethodsCompared), "compared")]
[JsonDerivedType(typeof(CalibrationFitted), "calibration")]
[JsonDerivedType(typeof(BaseDownload), "download")]
[JsonDerivedType(typeof(ModelPublished), "published")]
public abstract record TrainingEvent
{
    /// <summary>
    /// The version of the schema, <see cref="TrainingEventWriter.Version"/>, in the first event that a program writes; <c>null</c> in later
    /// events.
    /// </summary>
    [JsonPropertyOrder(-1)]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Version { get; init; }
}

/// <summary>A file of the data set was left out, because it is not a readable image.</summary>
/// <param name="File">The file's path.</param>
/// <param name="Reason">The reason why the file cannot be read.</param>
public sealed record FileRefused(string File, string Reason) : TrainingEvent;

/// <summary>
/// Some training images are copies of validation images. They were left out of training, because the validation would otherwise measure
/// images on which the network was trained.
/// </summary>
/// <param name="Images">The number of training images that were left out, at least 1.</param>
/// <param name="Files">The path of each of these images in the data set.</param>
public sealed record LeaksFound(int Images, IReadOnlyList<string> Files) : TrainingEvent;

/// <summary>The augmentation, schedule and label smoothing were chosen for a run that starts from random weights.</summary>
/// <param name="Images">A description of the training images on which the choice is based, in words.</param>
/// <param name="Augmentation">The random changes to training images, in the form of the command-line option.</param>
/// <param name="Schedule">The decay of the learning rate.</param>
/// <param name="WarmUp">The share of the steps in which the learning rate rises, 0 to 0.5.</param>
/// <param name="LabelSmoothing">The share of each target that is spread over all classes, 0 to less than 1.</param>
public sealed record RecipeChosen(
    string Images, string Augmentation, string Schedule, double WarmUp, double LabelSmoothing) : TrainingEvent;

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
    /// run starts anew.
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

/// <summary>Fine-tuning found the network's head, which it will replace.</summary>
/// <param name="Description">A description of the head in words.</param>
public sealed record HeadFound(string Description) : TrainingEvent;

/// <summary>Fine-tuning chose its method.</summary>
/// <param name="Method">The method's name on the command line: head, partial, full or auto.</param>
/// <param name="Reason">The reason of the choice.</param>
public sealed record MethodChosen(string Method, string Reason) : TrainingEvent;

/// <summary>Some of the given options have no effect, because only a head is trained.</summary>
/// <param name="Options">The names of the options without effect, as on the command line.</param>
public sealed record OptionsUnused(IReadOnlyList<string> Options) : TrainingEvent;

/// <summary>Fine-tuning does not update the running statistics of batch normalisation.</summary>
/// <param name="Layers">The number of batch normalisation layers, at least 1.</param>
public sealed record StatisticsFrozen(int Layers) : TrainingEvent;

/// <summary>Rewriting the network failed, so that its features are computed by the network as it is, which may take longer.</summary>
/// <param name="Reason">The reason of the failure.</param>
public sealed record NotRewritten(string Reason) : TrainingEvent;

/// <summary>The frozen network has computed the features of some images, on which the head will be trained.</summary>
/// <param name="Images">The number of images whose features are complete.</param>
/// <param name="AllImages">The number of all images.</param>
/// <param name="ImagesPerSecond">The mean speed, in images per second.</param>
/// <param name="SecondsLeft">The estimated time until all features are computed, in seconds.</param>
public sealed record FeaturesDone(int Images, int AllImages, double ImagesPerSecond, double SecondsLeft) : TrainingEvent;

/// <summary>The new head was trained on the features.</summary>
/// <param name="ValidationLoss">The validation loss, in nats.</param>
/// <param name="ValidationAccuracy">The validation accuracy, 0 to 1.</param>
public sealed record HeadTrained(double ValidationLoss, double ValidationAccuracy) : TrainingEvent;

[JsonSourceGenerationOptions(
    System.Text.Json.JsonSerializerDefaults.Web,
    AllowOutOfOrderMetadataProperties = true,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(TrainingEvent))]
internal sealed partial class TrainingEventJson : JsonSerializerContext;
