using System.Text.Json;
using System.Text.Json.Serialization;
using Fovea.Models.Metadata;
using Fovea.Models.TrainingEvents;
using Fovea.Training.Recipes;

namespace Fovea.Training.Runs;

/// <summary>The progress of a run, which a checkpoint holds in addition to parameters and optimizer state.</summary>
internal sealed record TrainingState
{
    /// <summary>The settings of the run; only a run with equal settings may resume it.</summary>
    public required RunSettings Settings { get; init; }

    /// <summary>The current epoch, from 1.</summary>
    public int Epoch { get; init; } = 1;

    /// <summary>The number of completed steps of the current epoch.</summary>
    public int StepsInEpoch { get; init; }

    /// <summary>The sum of the losses of the completed steps of the current epoch, in nats.</summary>
    public double LossSum { get; init; }

    /// <summary>The number of correctly classified images in the completed steps of the current epoch.</summary>
    public long Correct { get; init; }

    /// <summary>The completed epochs.</summary>
    public IReadOnlyList<EpochDone> History { get; init; } = [];

    /// <summary>
    /// The epoch with the lowest validation loss; 0 if no epoch is complete, or if no epoch is better than the weights at the start.
    /// </summary>
    public int BestEpoch { get; init; }

    /// <summary>The lowest validation loss, in nats.</summary>
    public double BestLoss { get; init; } = double.MaxValue;

    /// <summary>The validation accuracy of the weights with the lowest loss, 0 to 1.</summary>
    public double BestAccuracy { get; init; }

    /// <summary>
    /// The validation loss of the weights that training started from, in nats; null if these weights were not a candidate.
    /// </summary>
    public double? StartLoss { get; init; }

    /// <summary>
    /// The validation accuracy of the weights that training started from, 0 to 1; null if these weights were not a candidate.
    /// </summary>
    public double? StartAccuracy { get; init; }

    /// <summary>The training time in seconds, without the time between an interruption and the resumption.</summary>
    public double Seconds { get; init; }

    /// <summary>Makes the record of the run that the model file keeps.</summary>
    /// <param name="options">The options of the run.</param>
    /// <param name="trainingImages">The number of training images.</param>
    /// <param name="validationImages">The number of validation images.</param>
    /// <param name="former">The record of the file from which the run started; null if it had none.</param>
    public TrainingRecord Record(TrainingOptions options, int trainingImages, int validationImages, TrainingRecord? former) => new(
        options.Dataset,
        Settings.DatasetHash,
        trainingImages,
        options.Epochs,
        options.BatchSize,
        options.Optimizer.Name,
        options.LearningRate,
        options.Seed,
        BestEpoch > 0 ? BestEpoch : null,
        BestAccuracy,
        BestLoss,
        validationImages,
        Method: former?.Method,
        Base: former?.Base);
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(TrainingState))]
internal sealed partial class TrainingStateJson : JsonSerializerContext;
