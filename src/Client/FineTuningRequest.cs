using System.Text.Json.Serialization;

namespace Fovea.Client;

/// <summary>A request for a fine-tuning job, in which a model learns the classes of a data set.</summary>
public sealed record FineTuningRequest
{
    /// <summary>The id of the data set.</summary>
    public required string Dataset { get; init; }

    /// <summary>The model or pretrained base to start from; null, the default: the built-in base, resnet18-mlnet.</summary>
    public string? Model { get; init; }

    /// <summary>
    /// The end of the trained model's name, which begins with the name of <see cref="Model"/>: 1 to 64 letters, digits, dots, hyphens and
    /// underscores. null, the default: digits of the data set's id.
    /// </summary>
    public string? Suffix { get; init; }

    /// <summary>The layers to train: head, full, or auto, the default.</summary>
    public string Method { get; init; } = "auto";

    /// <summary>The hyperparameters of the run; null, the default: the service chooses all of them.</summary>
    public FineTuningHyperparameters? Hyperparameters { get; init; }

    /// <summary>The seed of all random numbers; default 1.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>
    /// auto, the default: the service serves the trained version if it is not worse than the version that it serves now; manual: the
    /// service serves the trained version only when somebody publishes it.
    /// </summary>
    public string Publish { get; init; } = "auto";

    /// <summary>Notes that are stored with the job: at most 16 texts of at most 512 characters; null, the default: no notes.</summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }
}

/// <summary>The hyperparameters of a training run. The service chooses each value that is null, the default.</summary>
/// <param name="Epochs">The number of passes over the training images, 1 to 100000.</param>
/// <param name="BatchSize">The number of images in a step, 1 to 65536.</param>
/// <param name="LearningRate">The highest learning rate, over 0 and at most 100.</param>
public sealed record FineTuningHyperparameters(
    [property: JsonPropertyName("n_epochs")] int? Epochs = null,
    [property: JsonPropertyName("batch_size")] int? BatchSize = null,
    [property: JsonPropertyName("learning_rate")] double? LearningRate = null);
