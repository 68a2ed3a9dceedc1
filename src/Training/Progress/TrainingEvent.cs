using System.Text.Json.Serialization;

namespace Fovea.Training;

/// <summary>Something a training run tells about itself.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "event")]
[JsonDerivedType(typeof(RunStarted), "started")]
[JsonDerivedType(typeof(StepDone), "step")]
[JsonDerivedType(typeof(EpochDone), "epoch")]
[JsonDerivedType(typeof(CheckpointSaved), "checkpoint")]
[JsonDerivedType(typeof(RunStopped), "stopped")]
[JsonDerivedType(typeof(RunFinished), "finished")]
internal abstract record TrainingEvent;

/// <summary>The run begins, or goes on after a checkpoint.</summary>
internal sealed record RunStarted(string Model, int Images, int ValidationImages, int Epochs, int StepsPerEpoch, int BatchSize, int ResumedEpoch, int ResumedStep) : TrainingEvent;

/// <summary>A step is done. Loss in nats and accuracy, 0 to 1, are means over the epoch so far.</summary>
internal sealed record StepDone(int Epoch, int Step, double Loss, double Accuracy, double LearningRate, double ImagesPerSecond, double SecondsLeft) : TrainingEvent;

/// <summary>An epoch is done and was looked at on the validation images. Losses in nats, accuracies 0 to 1.</summary>
internal sealed record EpochDone(int Epoch, double Loss, double Accuracy, double ValidationLoss, double ValidationAccuracy, bool Best) : TrainingEvent;

/// <summary>The run can be resumed from here.</summary>
internal sealed record CheckpointSaved(string Path, int Epoch, int Step) : TrainingEvent;

/// <summary>The run was told to stop and wrote a last checkpoint.</summary>
internal sealed record RunStopped(string Checkpoint, int Epoch, int Step) : TrainingEvent;

/// <summary>The model is written.</summary>
internal sealed record RunFinished(string Output, int BestEpoch, double ValidationLoss, double ValidationAccuracy, double Seconds) : TrainingEvent;

[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(TrainingEvent))]
internal sealed partial class TrainingEventJson : JsonSerializerContext;
