using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Fovea.Models;

/// <summary>What a model file says about itself in its ONNX metadata properties; null where it says nothing.</summary>
public sealed record ModelMetadata
{
    private const string LabelsKey = "fovea.labels", PreprocessingKey = "fovea.preprocessing", ArchitectureKey = "fovea.architecture", TrainingKey = "fovea.training";

    /// <summary>The classes' names, in the order of the logits.</summary>
    public ImmutableArray<string>? Labels { get; init; }

    /// <summary>How an image becomes the input.</summary>
    public Preprocessing? Preprocessing { get; init; }

    /// <summary>The catalog's name of the network.</summary>
    public string? Architecture { get; init; }

    /// <summary>What the weights were trained on; null where nobody said.</summary>
    public TrainingRecord? Training { get; init; }

    /// <summary>Whether the weights were learnt. A network that Fovea built is random until training says otherwise; a foreign file is taken as trained.</summary>
    public bool Trained => Training is not null || Architecture is null;

    /// <summary>Reads the properties of a file.</summary>
    /// <exception cref="FoveaException">One of them is not the JSON that was expected.</exception>
    public static ModelMetadata Read(IEnumerable<KeyValuePair<string, string>> properties)
    {
        var all = properties.ToDictionary();
        return new()
        {
            Labels = Parse(LabelsKey, MetadataJson.Default.ImmutableArrayString) is { IsDefault: false } labels ? labels : null,
            Preprocessing = Parse(PreprocessingKey, MetadataJson.Default.JsonObject) is { } given ? Fovea.Models.Preprocessing.FromJson(given) : null,
            Architecture = all.GetValueOrDefault(ArchitectureKey),
            Training = Parse(TrainingKey, MetadataJson.Default.TrainingRecord),
        };

        T? Parse<T>(string key, JsonTypeInfo<T> type)
        {
            try
            {
                return !all.TryGetValue(key, out var json) ? default
                    : JsonText.WhyNot(Encoding.UTF8.GetBytes(json)) is { } reason ? throw new JsonException($"{reason}.")
                    : JsonSerializer.Deserialize(json, type);
            }
            catch (JsonException e)
            {
                throw new FoveaException(ErrorCode.BadModelFile, $"The metadata property {key} cannot be read: {e.Message}", e);
            }
        }
    }

    /// <summary>The same, with what it does not say taken from another.</summary>
    public ModelMetadata Or(ModelMetadata? other) => this with
    {
        Labels = Labels ?? other?.Labels,
        Preprocessing = Preprocessing ?? other?.Preprocessing,
        Architecture = Architecture ?? other?.Architecture,
        Training = Training ?? other?.Training,
    };

    /// <summary>Puts the properties into a graph, in place of those that were there.</summary>
    public void WriteTo(Graph graph)
    {
        Put(LabelsKey, Labels is { } labels ? JsonSerializer.Serialize(labels, MetadataJson.Default.ImmutableArrayString) : null);
        Put(PreprocessingKey, Preprocessing is { } preprocessing ? JsonSerializer.Serialize(preprocessing, MetadataJson.Default.Preprocessing) : null);
        Put(ArchitectureKey, Architecture);
        Put(TrainingKey, Training is { } training ? JsonSerializer.Serialize(training, MetadataJson.Default.TrainingRecord) : null);

        void Put(string key, string? value)
        {
            graph.Metadata.Remove(key);
            if (value is not null)
            {
                graph.Metadata.Add(key, value);
            }
        }
    }
}

/// <summary>
/// Where trained weights come from; null is what nobody said, as about weights that were published elsewhere. It holds nothing that differs
/// between two equal runs, such as the time.
/// </summary>
/// <param name="Dataset">The data set's name.</param>
/// <param name="DatasetHash">SHA-256 over its images and labels, in hexadecimal.</param>
/// <param name="Images">How many images were trained on.</param>
/// <param name="Epochs">Passes over them.</param>
/// <param name="BatchSize">Images in a step.</param>
/// <param name="Optimizer">adam, adamw or sgd; l-bfgs for a head on frozen features.</param>
/// <param name="LearningRate">The highest learning rate of the schedule.</param>
/// <param name="Seed">What all randomness came from.</param>
/// <param name="BestEpoch">The epoch whose weights these are, from 1: the one with the lowest validation loss; null where what training began with had a lower one.</param>
/// <param name="Accuracy">Share of the validation images classified rightly, 0 to 1.</param>
/// <param name="Loss">Mean cross-entropy on the validation images, in nats.</param>
/// <param name="ValidationImages">How many validation images there were.</param>
/// <param name="Source">The file that the weights were imported from; null for weights that Fovea trained.</param>
/// <param name="Method">head or full where a trained network was taught new classes; null for one trained from scratch.</param>
/// <param name="Base">The file of the network that was taught new classes.</param>
public sealed record TrainingRecord(
    string? Dataset = null,
    string? DatasetHash = null,
    int? Images = null,
    int? Epochs = null,
    int? BatchSize = null,
    string? Optimizer = null,
    double? LearningRate = null,
    long? Seed = null,
    int? BestEpoch = null,
    double? Accuracy = null,
    double? Loss = null,
    int? ValidationImages = null,
    WeightsSource? Source = null,
    string? Method = null,
    WeightsSource? Base = null);

/// <summary>A file that weights come from.</summary>
/// <param name="File">Its name, without a folder.</param>
/// <param name="Sha256">SHA-256 of its bytes, in hexadecimal.</param>
public sealed record WeightsSource(string File, string Sha256);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ImmutableArray<string>))]
[JsonSerializable(typeof(Preprocessing))]
[JsonSerializable(typeof(JsonObject))]
[JsonSerializable(typeof(TrainingRecord))]
internal sealed partial class MetadataJson : JsonSerializerContext;
