using System.Text.Json.Serialization;

namespace Fovea.Client;

/// <summary>A wish for a fine-tuning job: a model learns the classes of a data set.</summary>
public sealed record FineTuningRequest
{
    /// <summary>The id of the data set.</summary>
    public required string Dataset { get; init; }

    /// <summary>The model or pretrained base to start from; null, the default: the built-in base, resnet18-mlnet.</summary>
    public string? Model { get; init; }

    /// <summary>
    /// The end of the trained model's name, which begins with that of <see cref="Model"/>: 1 to 64 letters, digits, dots, hyphens and
    /// underscores. null, the default: digits of the data set's id.
    /// </summary>
    public string? Suffix { get; init; }

    /// <summary>What is trained: head, full, or auto, the default.</summary>
    public string Method { get; init; } = "auto";

    /// <summary>Numbers of the run; null, the default: the service chooses all of them.</summary>
    public FineTuningHyperparameters? Hyperparameters { get; init; }

    /// <summary>The seed of all random numbers; default 1.</summary>
    public long Seed { get; init; } = 1;

    /// <summary>
    /// auto, the default: the trained version serves if it is not worse than the one that serves now; manual: only when it is published.
    /// </summary>
    public string Publish { get; init; } = "auto";

    /// <summary>Notes that the job keeps: at most 16 texts of at most 512 characters; null, the default: none.</summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }
}

/// <summary>Numbers of a training run. null, the default of each, leaves the choice to the service.</summary>
/// <param name="Epochs">Passes over the training images, 1 to 100000.</param>
/// <param name="BatchSize">Images in a step, 1 to 65536.</param>
/// <param name="LearningRate">The highest learning rate, over 0 and at most 100.</param>
public sealed record FineTuningHyperparameters(
    [property: JsonPropertyName("n_epochs")] int? Epochs = null,
    [property: JsonPropertyName("batch_size")] int? BatchSize = null,
    [property: JsonPropertyName("learning_rate")] double? LearningRate = null);
