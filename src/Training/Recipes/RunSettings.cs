using System.Text.Json;
using System.Text.Json.Serialization;
using Fovea.Training.Datasets;

namespace Fovea.Training.Recipes;

/// <summary>
/// Everything that determines the result of a run: its options, its network and its data, as text. A checkpoint may only be resumed with
/// equal settings, and a report lists them. null marks a setting that the run does not have. The JSON names are part of the formats of
/// checkpoints and reports; the properties are in ordinal order of these names, because files list them in this order.
/// </summary>
internal sealed record RunSettings
{
    /// <summary>The augmentation, as <see cref="Augmentation.Parse"/> reads it.</summary>
    [JsonPropertyName("augmentation"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Augmentation { get; init; }

    /// <summary>The decay of the weight average, 0 for none.</summary>
    [JsonPropertyName("averaging"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Averaging { get; init; }

    /// <summary>The SHA-256 of the file from which fine-tuning starts, or <c>random weights</c>.</summary>
    [JsonPropertyName("base"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Base { get; init; }

    /// <summary>The number of images in a step.</summary>
    [JsonPropertyName("batch size"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? BatchSize { get; init; }

    /// <summary>The weight of each class, if classes count differently.</summary>
    [JsonPropertyName("class weights"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ClassWeights { get; init; }

    /// <summary>The largest gradient norm; empty for none.</summary>
    [JsonPropertyName("clipping"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Clipping { get; init; }

    /// <summary>The hash of the training images, as <see cref="Dataset.Hash"/> returns it.</summary>
    [JsonPropertyName("data set"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? DatasetHash { get; init; }

    /// <summary>The execution provider of the network.</summary>
    [JsonPropertyName("device"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Device { get; init; }

    /// <summary>The number of epochs.</summary>
    [JsonPropertyName("epochs"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Epochs { get; init; }

    /// <summary>The share of each target that is spread over all classes.</summary>
    [JsonPropertyName("label smoothing"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? LabelSmoothing { get; init; }

    /// <summary>The highest learning rate.</summary>
    [JsonPropertyName("learning rate"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? LearningRate { get; init; }

    /// <summary>The fine-tuning method.</summary>
    [JsonPropertyName("method"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Method { get; init; }

    /// <summary>The number of images in a micro-batch.</summary>
    [JsonPropertyName("micro-batch"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? MicroBatch { get; init; }

    /// <summary>The network's name and the shapes of its input and output.</summary>
    [JsonPropertyName("network"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Network { get; init; }

    /// <summary>The optimizer and its settings.</summary>
    [JsonPropertyName("optimizer"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Optimizer { get; init; }

    /// <summary>The number of epochs without improvement after which training ends; empty for none.</summary>
    [JsonPropertyName("patience"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Patience { get; init; }

    /// <summary>The penalty of a head's weights, and how it was chosen.</summary>
    [JsonPropertyName("penalty"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Penalty { get; init; }

    /// <summary>
    /// The factor of the square roots of the old classes' probabilities in the input of a head; null if it reads only the features.
    /// </summary>
    [JsonPropertyName("probability factor"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ProbabilityFactor { get; init; }

    /// <summary>The learning rate schedule and its warm-up.</summary>
    [JsonPropertyName("schedule"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Schedule { get; init; }

    /// <summary>The seed of all random numbers.</summary>
    [JsonPropertyName("seed"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Seed { get; init; }

    /// <summary>The hash of the validation images.</summary>
    [JsonPropertyName("validation images"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ValidationHash { get; init; }

    /// <summary>The length of each parameter group and its learning rate's factor.</summary>
    [JsonPropertyName("what is learnt"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ParameterGroups { get; init; }

    /// <summary>Returns the settings that the run has, by their JSON names.</summary>
    public IReadOnlyDictionary<string, string> ByName()
    {
        var json = JsonSerializer.SerializeToElement(this, RunSettingsJson.Default.RunSettings);
        return new OrderedDictionary<string, string>(json.EnumerateObject().Select(s => KeyValuePair.Create(s.Name, s.Value.GetString()!)));
    }
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(RunSettings))]
internal sealed partial class RunSettingsJson : JsonSerializerContext;
