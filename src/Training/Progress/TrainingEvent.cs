using System.Text.Json.Serialization;

namespace Fovea.Training;

/// <summary>Something a training run tells about itself.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "event")]
[JsonDerivedType(typeof(FileRefused), "refused")]
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
[JsonDerivedType(typeof(FeaturesDone), "features")]
[JsonDerivedType(typeof(HeadTrained), "head_trained")]
internal abstract record TrainingEvent;

/// <summary>A file of the data set is left out.</summary>
internal sealed record FileRefused(string File, string Reason) : TrainingEvent;

/// <summary>The run begins, or goes on after a checkpoint. The learning rate is the highest of its schedule.</summary>
internal sealed record RunStarted(string Model, int Images, int ValidationImages, int Epochs, int StepsPerEpoch, int BatchSize, double LearningRate, int ResumedEpoch, int ResumedStep) : TrainingEvent;

/// <summary>A step is done. Loss in nats and accuracy, 0 to 1, are means over the epoch so far.</summary>
internal sealed record StepDone(int Epoch, int Step, double Loss, double Accuracy, double LearningRate, double ImagesPerSecond, double SecondsLeft) : TrainingEvent;

/// <summary>
/// An epoch is done and was looked at on the validation images. The learning rate is its last step's; losses in nats, accuracies 0 to 1; the share of the epoch's time, 0 to 1, in which
/// steps waited for data.
/// </summary>
internal sealed record EpochDone(int Epoch, double LearningRate, double Loss, double Accuracy, double ValidationLoss, double ValidationAccuracy, bool Best, double WaitingShare) : TrainingEvent;

/// <summary>The run can be resumed from here.</summary>
internal sealed record CheckpointSaved(string Path, int Epoch, int Step) : TrainingEvent;

/// <summary>A checkpoint could not be written; the one before is as it was, and the run goes on.</summary>
internal sealed record CheckpointFailed(string Path, string Message) : TrainingEvent;

/// <summary>The run was told to stop and wrote a last checkpoint.</summary>
internal sealed record RunStopped(string Checkpoint, int Epoch, int Step) : TrainingEvent;

/// <summary>The model is written. The time is this process's, the share of it that steps waited for data among it.</summary>
internal sealed record RunFinished(string Output, int BestEpoch, double ValidationLoss, double ValidationAccuracy, double Seconds, double WaitingShare) : TrainingEvent;

/// <summary>Where the network that is taught new classes decides.</summary>
internal sealed record HeadFound(string Description) : TrainingEvent;

/// <summary>How it is taught, and why so.</summary>
internal sealed record MethodChosen(string Method, string Reason) : TrainingEvent;

/// <summary>Options were given that play no part when only a head is learnt.</summary>
internal sealed record OptionsUnused(IReadOnlyList<string> Options) : TrainingEvent;

/// <summary>So many layers of batch normalisation go on using the running statistics that they came with.</summary>
internal sealed record StatisticsFrozen(int Layers) : TrainingEvent;

/// <summary>A frozen network has seen so many of its images.</summary>
internal sealed record FeaturesDone(int Images, int AllImages, double ImagesPerSecond, double SecondsLeft) : TrainingEvent;

/// <summary>A head is trained on the features of a frozen network. Loss in nats, accuracy 0 to 1.</summary>
internal sealed record HeadTrained(double ValidationLoss, double ValidationAccuracy) : TrainingEvent;

[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(TrainingEvent))]
internal sealed partial class TrainingEventJson : JsonSerializerContext;
