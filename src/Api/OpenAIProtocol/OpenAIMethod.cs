using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Fovea.Api.OpenAIProtocol;

/// <summary>The method of a job.</summary>
/// <param name="Type">Always supervised.</param>
/// <param name="Supervised">The hyperparameters of the method.</param>
internal sealed record OpenAIMethod(string Type, OpenAISupervised Supervised)
{
    /// <summary>The type of the method that jobs have.</summary>
    public const string Only = "supervised";
}

/// <summary>The settings of the method.</summary>
/// <param name="Hyperparameters">The hyperparameters.</param>
internal sealed record OpenAISupervised(OpenAIHyperparameters Hyperparameters);

/// <summary>The hyperparameters of a job. Each is a number, or auto until training has chosen a number.</summary>
/// <param name="Epochs">The number of passes over the training images.</param>
/// <param name="BatchSize">The number of images in a step.</param>
/// <param name="LearningRateMultiplier">Always auto: <paramref name="LearningRate"/> has the rate itself.</param>
/// <param name="LearningRate">The highest learning rate of the schedule. OpenAI's API has no such field.</param>
internal sealed record OpenAIHyperparameters(
    [property: JsonPropertyName("n_epochs")] JsonNode Epochs,
    [property: JsonPropertyName("batch_size")] JsonNode BatchSize,
    [property: JsonPropertyName("learning_rate_multiplier")] JsonNode LearningRateMultiplier,
    [property: JsonPropertyName("learning_rate")] JsonNode LearningRate);
