using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fovea.Api.Jobs;

/// <summary>The metrics of an event or a checkpoint, as callers read them in <c>data</c> and <c>metrics</c>. null: not known.</summary>
internal sealed record JobMetrics
{
    /// <summary>The completed steps, over all epochs.</summary>
    public long? Step { get; init; }

    /// <summary>The mean training loss of the epoch, in nats.</summary>
    public double? TrainLoss { get; init; }

    /// <summary>The mean training accuracy of the epoch, 0 to 1.</summary>
    public double? TrainAccuracy { get; init; }

    /// <summary>The last validation loss, in nats.</summary>
    public double? ValidLoss { get; init; }

    /// <summary>The last validation accuracy, 0 to 1.</summary>
    public double? ValidAccuracy { get; init; }

    /// <summary>The steps of the whole run.</summary>
    public long? TotalSteps { get; init; }

    /// <summary>The epoch, from 1.</summary>
    public int? Epoch { get; init; }

    /// <summary>The learning rate of the step.</summary>
    public double? LearningRate { get; init; }

    /// <summary>The images whose features are computed; at the start of a run, the training images.</summary>
    public int? Images { get; init; }

    /// <summary>The images whose features will be computed.</summary>
    public int? TotalImages { get; init; }

    /// <summary>The mean speed.</summary>
    public double? ImagesPerSecond { get; init; }

    /// <summary>The validation images.</summary>
    public int? ValidImages { get; init; }

    /// <summary>The classes of the data set.</summary>
    public int? Classes { get; init; }

    /// <summary>The passes over the training images.</summary>
    [JsonPropertyName("n_epochs")]
    public int? Epochs { get; init; }

    /// <summary>The steps of an epoch.</summary>
    public int? StepsPerEpoch { get; init; }

    /// <summary>The images of a step.</summary>
    public int? BatchSize { get; init; }

    /// <summary>The epoch of the saved weights, from 1; 0: the weights before the first epoch.</summary>
    public int? BestEpoch { get; init; }

    /// <summary>The time that has passed, in seconds.</summary>
    public double? Seconds { get; init; }

    /// <summary>The penalty of a new last layer's weights.</summary>
    public double? Penalty { get; init; }

    /// <summary>The parts in which cross-validation judged the penalty.</summary>
    public int? Folds { get; init; }

    /// <summary>The layers of batch normalisation that keep their running statistics.</summary>
    public int? FrozenLayers { get; init; }

    /// <summary>The method that trains, or whose weights are saved: head, partial, full or auto.</summary>
    public string? Method { get; init; }

    /// <summary>The method that was compared with it.</summary>
    public string? OtherMethod { get; init; }

    /// <summary>The validation loss of the other method, in nats.</summary>
    public double? OtherLoss { get; init; }

    /// <summary>The validation accuracy of the other method, 0 to 1.</summary>
    public double? OtherAccuracy { get; init; }

    /// <summary>The version of the trained model.</summary>
    public int? Version { get; init; }

    /// <summary>The model that the trained one is compared with on the same validation images.</summary>
    public string? Incumbent { get; init; }

    /// <summary>The version of that model.</summary>
    public int? IncumbentVersion { get; init; }

    /// <summary>The accuracy of that version on the validation images, 0 to 1.</summary>
    public double? IncumbentAccuracy { get; init; }

    /// <summary>The validation images among those that this version was trained on.</summary>
    public int? IncumbentTrainedOn { get; init; }

    /// <summary>The metrics as a JSON object, without those that are not known.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, JobMetricsJson.Default.JobMetrics);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(JobMetrics))]
internal sealed partial class JobMetricsJson : JsonSerializerContext;
