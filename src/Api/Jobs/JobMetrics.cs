using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fovea.Api.Jobs;

/// <summary>
/// The numbers of a job's event (in <c>data</c>) or of a checkpoint (in <c>metrics</c>). A value that is unknown is null and is left out.
/// </summary>
internal sealed record JobMetrics
{
    /// <summary>The number of completed steps, over all epochs.</summary>
    public long? Step { get; init; }

    /// <summary>The mean training loss of the epoch, in nats.</summary>
    public double? TrainLoss { get; init; }

    /// <summary>The mean training accuracy of the epoch, 0 to 1.</summary>
    public double? TrainAccuracy { get; init; }

    /// <summary>The last validation loss, in nats.</summary>
    public double? ValidLoss { get; init; }

    /// <summary>The last validation accuracy, 0 to 1.</summary>
    public double? ValidAccuracy { get; init; }

    /// <summary>The number of steps in the whole run.</summary>
    public long? TotalSteps { get; init; }

    /// <summary>The epoch, from 1.</summary>
    public int? Epoch { get; init; }

    /// <summary>The learning rate of the step.</summary>
    public double? LearningRate { get; init; }

    /// <summary>The number of images whose features are computed so far; at the start of a run, the number of training images.</summary>
    public int? Images { get; init; }

    /// <summary>The number of all images whose features are computed.</summary>
    public int? TotalImages { get; init; }

    /// <summary>The mean speed, in images per second.</summary>
    public double? ImagesPerSecond { get; init; }

    /// <summary>The number of validation images.</summary>
    public int? ValidImages { get; init; }

    /// <summary>The number of classes of the data set.</summary>
    public int? Classes { get; init; }

    /// <summary>The number of passes over the training images.</summary>
    [JsonPropertyName("n_epochs")]
    public int? Epochs { get; init; }

    /// <summary>The number of steps in an epoch.</summary>
    public int? StepsPerEpoch { get; init; }

    /// <summary>The number of images in a step.</summary>
    public int? BatchSize { get; init; }

    /// <summary>The epoch of the saved weights, from 1; 0: the weights before the first epoch.</summary>
    public int? BestEpoch { get; init; }

    /// <summary>The time that has passed, in seconds.</summary>
    public double? Seconds { get; init; }

    /// <summary>The weight penalty of a new last layer: the factor of half its squared weights in the loss.</summary>
    public double? Penalty { get; init; }

    /// <summary>The number of parts into which cross-validation divided the images to choose the penalty.</summary>
    public int? Folds { get; init; }

    /// <summary>The number of batch normalisation layers that keep the running statistics of the base model.</summary>
    public int? FrozenLayers { get; init; }

    /// <summary>The method that trains, or whose weights are saved: head, partial, full or auto.</summary>
    public string? Method { get; init; }

    /// <summary>The method that was compared with <see cref="Method"/>.</summary>
    public string? OtherMethod { get; init; }

    /// <summary>The validation loss of the other method, in nats.</summary>
    public double? OtherLoss { get; init; }

    /// <summary>The validation accuracy of the other method, 0 to 1.</summary>
    public double? OtherAccuracy { get; init; }

    /// <summary>The version number of the trained model.</summary>
    public int? Version { get; init; }

    /// <summary>The name of the earlier model that the trained model is compared with on the same validation images.</summary>
    public string? Incumbent { get; init; }

    /// <summary>The version of the earlier model.</summary>
    public int? IncumbentVersion { get; init; }

    /// <summary>The accuracy of the earlier model on the validation images, 0 to 1.</summary>
    public double? IncumbentAccuracy { get; init; }

    /// <summary>The number of validation images that were training images of the earlier model.</summary>
    public int? IncumbentTrainedOn { get; init; }

    /// <summary>Returns the metrics as a JSON object, without unknown values.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, JobMetricsJson.Default.JobMetrics);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(JobMetrics))]
internal sealed partial class JobMetricsJson : JsonSerializerContext;
