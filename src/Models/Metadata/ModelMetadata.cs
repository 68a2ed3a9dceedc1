using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Imaging;

namespace Fovea.Models.Metadata;

/// <summary>Fovea's properties in the metadata of an ONNX file. A property that the file does not have is <c>null</c>.</summary>
public sealed record ModelMetadata
{
    private const string
        LabelsKey = "fovea.labels",
        PreprocessingKey = "fovea.preprocessing",
        ArchitectureKey = "fovea.architecture",
        StemKey = "fovea.stem",
        TrainingKey = "fovea.training",
        ActivationKey = "fovea.activation",
        CalibrationKey = "fovea.calibration",
        QuantizationKey = "fovea.quantization";

    /// <summary>The property in which an adopted file keeps the facts about its adoption.</summary>
    internal const string AdoptionKey = "fovea.adoption";

    /// <summary>The names of the classes, in the order of the logits.</summary>
    public ImmutableArray<string>? Labels { get; init; }

    /// <summary>The preprocessing that turns an image into the network's input.</summary>
    public Preprocessing? Preprocessing { get; init; }

    /// <summary>The network's name in the catalog.</summary>
    public string? Architecture { get; init; }

    /// <summary>The network's stem, small or imagenet; <c>null</c> for a network that has one stem only.</summary>
    public string? Stem { get; init; }

    /// <summary>Where the weights come from.</summary>
    public TrainingRecord? Training { get; init; }

    /// <summary>What turns the outputs into probabilities. In a file of Fovea's own form that does not say it: softmax.</summary>
    public Activation? Activation { get; init; }

    /// <summary>The temperature of the probabilities, and the threshold for outliers.</summary>
    public ModelCalibration? Calibration { get; init; }

    /// <summary>How the weights became integers; <c>null</c> for a network of floats.</summary>
    public QuantizationRecord? Quantization { get; init; }

    /// <summary>Where the labels stand, for messages.</summary>
    internal string? LabelsSource { get; init; }

    /// <summary>Whether the preprocessing names scale, mean or deviation; otherwise these are its defaults.</summary>
    internal bool GivesRange { get; init; } = true;

    /// <summary>
    /// Whether the weights are trained. A network of the catalog has random weights until it has a training record. A network without an
    /// architecture was exported by other software and counts as trained.
    /// </summary>
    public bool Trained => Training is not null || Architecture is null;

    /// <summary>Reads the properties of a file. Properties of other software are ignored.</summary>
    /// <exception cref="FoveaException">A property is not valid JSON or has an invalid value.</exception>
    public static ModelMetadata Read(IEnumerable<KeyValuePair<string, string>> properties)
    {
        var all = properties.ToDictionary();
        var steps = Parse(PreprocessingKey, MetadataJson.Default.JsonObject, "a JSON object");
        return new()
        {
            LabelsSource = "the property fovea.labels",
            GivesRange = steps is null || NamesRange(steps),
            Activation = all.TryGetValue(ActivationKey, out var activation) ? ActivationNames.Parse(activation) : null,
            Labels = Parse(LabelsKey, MetadataJson.Default.ImmutableArrayString, "a list of names") is { IsDefault: false } labels
                ? labels
                : null,
            Preprocessing = steps is null ? null : Imaging.Preprocessing.FromJson(steps),
            Architecture = all.GetValueOrDefault(ArchitectureKey),
            Stem = all.GetValueOrDefault(StemKey),
            Training = Parse(TrainingKey, MetadataJson.Default.TrainingRecord, "a training record as Fovea writes it"),
            Calibration = Parse(
                CalibrationKey,
                MetadataJson.Default.ModelCalibration,
                """{"temperature": 1.5, "outlier": {"threshold": 2}}, each part of which may be left out""")?.Checked(),
            Quantization = Parse(
                QuantizationKey, MetadataJson.Default.QuantizationRecord, "a quantisation record as Fovea writes it")?.Checked(),
        };

        T? Parse<T>(string key, JsonTypeInfo<T> type, string expected)
        {
            try
            {
                return !all.TryGetValue(key, out var json) ? default
                    : JsonText.WhyNot(Encoding.UTF8.GetBytes(json)) is { } reason ? throw new FoveaException(
                        ErrorCode.BadModelFile, $"The metadata property {key} is not valid text: {reason}.")
                    : JsonSerializer.Deserialize(json, type);
            }
            catch (JsonException e)
            {
                throw new FoveaException(
                    ErrorCode.BadModelFile,
                    $"The metadata property {key} is not valid JSON at {JsonFailure.Place(e)}; expected {expected}.",
                    e);
            }
        }
    }

    /// <summary>Whether the JSON form of a preprocessing names scale, mean or deviation.</summary>
    internal static bool NamesRange(JsonObject json) => json.Any(entry => entry.Key.ToLowerInvariant() is "scale" or "mean" or "std");

    /// <summary>These metadata, in which a property that is <c>null</c> is taken from <paramref name="other"/>.</summary>
    public ModelMetadata Or(ModelMetadata? other) => this with
    {
        Labels = Labels ?? other?.Labels,
        LabelsSource = Labels is null ? other?.LabelsSource : LabelsSource,
        GivesRange = Preprocessing is null ? other?.GivesRange ?? true : GivesRange,
        Activation = Activation ?? other?.Activation,
        Preprocessing = Preprocessing ?? other?.Preprocessing,
        Architecture = Architecture ?? other?.Architecture,
        Stem = Stem ?? other?.Stem,
        Training = Training ?? other?.Training,
        Calibration = Calibration ?? other?.Calibration,
        Quantization = Quantization ?? other?.Quantization,
    };

    /// <summary>
    /// Replaces Fovea's properties in a graph's metadata. A property that is <c>null</c> is removed. So are the facts about an adoption,
    /// since they describe the file with the old metadata.
    /// </summary>
    public void WriteTo(Graph graph)
    {
        graph.Metadata.Remove(AdoptionKey);
        Put(LabelsKey, Labels is { } labels ? JsonSerializer.Serialize(labels, MetadataJson.Default.ImmutableArrayString) : null);
        Put(PreprocessingKey, Preprocessing is { } steps ? JsonSerializer.Serialize(steps, MetadataJson.Default.Preprocessing) : null);
        Put(ArchitectureKey, Architecture);
        Put(StemKey, Stem);
        Put(ActivationKey, Activation?.Name());
        Put(
            CalibrationKey,
            Calibration is { } found ? JsonSerializer.Serialize(found, MetadataJson.Default.ModelCalibration) : null);
        Put(
            QuantizationKey,
            Quantization is { } integers ? JsonSerializer.Serialize(integers, MetadataJson.Default.QuantizationRecord) : null);
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
/// Where trained weights come from. An unknown property is <c>null</c>; for imported weights, most are. The record has no property that
/// differs between two equal training runs, such as the time, so that equal runs write equal files.
/// </summary>
/// <param name="Dataset">The data set's name.</param>
/// <param name="DatasetHash">SHA-256 over the data set's images and labels, in hexadecimal.</param>
/// <param name="Images">The number of training images.</param>
/// <param name="Epochs">The number of passes over the training images.</param>
/// <param name="BatchSize">The number of images in a training step.</param>
/// <param name="Optimizer">adam, adamw or sgd; l-bfgs for a head on frozen features.</param>
/// <param name="LearningRate">The highest learning rate of the schedule.</param>
/// <param name="Seed">The seed of all random numbers of the run.</param>
/// <param name="BestEpoch">
/// The epoch with the lowest validation loss, from 1; the file has the weights of this epoch. <c>null</c> if the weights before the first
/// epoch had a lower validation loss.
/// </param>
/// <param name="Accuracy">The share of validation images that are classified correctly, 0 to 1.</param>
/// <param name="Loss">The mean cross-entropy on the validation images, in nats.</param>
/// <param name="ValidationImages">The number of validation images.</param>
/// <param name="Source">The file that the weights were imported from; <c>null</c> for weights that Fovea trained.</param>
/// <param name="Method">head or full for a fine-tuned network; <c>null</c> for a network that was trained from scratch.</param>
/// <param name="Base">The file of the network that was fine-tuned; <c>null</c> for a network that was trained from scratch.</param>
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
/// <param name="File">The file's name, without a folder.</param>
/// <param name="Sha256">SHA-256 of the file's bytes, in hexadecimal.</param>
public sealed record WeightsSource(string File, string Sha256);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ImmutableArray<string>))]
[JsonSerializable(typeof(Preprocessing))]
[JsonSerializable(typeof(JsonObject))]
[JsonSerializable(typeof(TrainingRecord))]
[JsonSerializable(typeof(ModelCalibration))]
[JsonSerializable(typeof(QuantizationRecord))]
internal sealed partial class MetadataJson : JsonSerializerContext;
