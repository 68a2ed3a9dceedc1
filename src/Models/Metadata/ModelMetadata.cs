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

/// <summary>Fovea's properties in the metadata of an ONNX file. A property that the file lacks is <c>null</c>.</summary>
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

    /// <summary>The property in which an adopted file stores the record of its adoption.</summary>
    internal const string AdoptionKey = "fovea.adoption";

    /// <summary>The names of the classes, in the order of the logits.</summary>
    public ImmutableArray<string>? Labels { get; init; }

    /// <summary>The preprocessing that turns an image into the network's input.</summary>
    public Preprocessing? Preprocessing { get; init; }

    /// <summary>The network's name in the catalog.</summary>
    public string? Architecture { get; init; }

    /// <summary>
    /// The variant of the network's first layers (its stem): small or imagenet; <c>null</c> for a network with only one variant.
    /// </summary>
    public string? Stem { get; init; }

    /// <summary>The origin of the weights; <c>null</c> if it is unknown or the weights are random.</summary>
    public TrainingRecord? Training { get; init; }

    /// <summary>
    /// The activation that turns the outputs into probabilities. If a file in Fovea's own form lacks this property, softmax is used.
    /// </summary>
    public Activation? Activation { get; init; }

    /// <summary>The temperature of the probabilities, and the threshold for outliers.</summary>
    public ModelCalibration? Calibration { get; init; }

    /// <summary>The record of the quantisation that turned the weights into integers; <c>null</c> for a network of floats.</summary>
    public QuantizationRecord? Quantization { get; init; }

    /// <summary>The file or property with the labels, for messages.</summary>
    internal string? LabelsSource { get; init; }

    /// <summary>
    /// Whether the preprocessing gives a scale, mean or standard deviation explicitly; if false, all three have their default values.
    /// </summary>
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

    /// <summary>Whether a preprocessing's JSON has a property scale, mean or std.</summary>
    internal static bool NamesRange(JsonObject json) => json.Any(entry => entry.Key.ToLowerInvariant() is "scale" or "mean" or "std");

    /// <summary>A copy of these metadata in which properties of <paramref name="other"/> replace those that are <c>null</c>.</summary>
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
    /// Writes these properties into a graph's metadata. Removes a property that is <c>null</c>. Also removes the record of an adoption,
    /// since it describes the file with the old metadata.
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

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ImmutableArray<string>))]
[JsonSerializable(typeof(Preprocessing))]
[JsonSerializable(typeof(JsonObject))]
[JsonSerializable(typeof(TrainingRecord))]
[JsonSerializable(typeof(ModelCalibration))]
[JsonSerializable(typeof(QuantizationRecord))]
internal sealed partial class MetadataJson : JsonSerializerContext;
