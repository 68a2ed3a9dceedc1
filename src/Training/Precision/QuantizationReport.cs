using System.Text.Json.Serialization;
using Fovea.Models.Metadata;

namespace Fovea.Training.Precision;

/// <summary>The result of a quantisation. The property names are the JSON format of <c>quantize --json</c>.</summary>
/// <param name="Calibration">How ranges were found: minMax, entropy or percentile; peaks for 16-bit floats.</param>
/// <param name="CalibrationImages">The number of calibration images.</param>
/// <param name="ChoosingImages">The number of images by which the method and the float layers were chosen.</param>
/// <param name="Images">The number of images of the comparison.</param>
/// <param name="Layers">The number of layers that can be quantised.</param>
/// <param name="FloatLayers">The names of the layers that stayed 32-bit floats.</param>
/// <param name="WeightBits">The bits of the weights: 7 or 8; 16 for 16-bit floats.</param>
/// <param name="Agreement">The share of images with the same answer, 0 to 1.</param>
/// <param name="CalibrationAgreement">The share of calibration images with the same answer, 0 to 1.</param>
/// <param name="Float">The float network.</param>
/// <param name="Int8">The network of 8-bit integers; left out for 16-bit floats.</param>
/// <param name="Fp16">The network of 16-bit floats; left out for integers.</param>
/// <param name="HalfPrecision">The conversion of operators and weights to 16-bit floats; left out for integers.</param>
internal sealed record QuantizationReport(
    string Calibration,
    int CalibrationImages,
    int ChoosingImages,
    int Images,
    int Layers,
    string[] FloatLayers,
    int WeightBits,
    double Agreement,
    double CalibrationAgreement,
    QuantizationFigures Float,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] QuantizationFigures? Int8,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] QuantizationFigures? Fp16,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] HalfPrecisionReport? HalfPrecision)
{
    /// <summary>The figures of the quantised network, of either kind.</summary>
    [JsonIgnore]
    public QuantizationFigures Quantized => (Int8 ?? Fp16)!;

    /// <summary>Creates the report from the measurements.</summary>
    public static QuantizationReport Of(QuantizationRecord record, QuantizationSummary made, RunTimes floats, RunTimes quantized)
    {
        var figures = new QuantizationFigures(record.Accuracy, quantized.MillisecondsAlone, quantized.ImagesPerSecond);
        return new(
            record.Calibration,
            record.Images,
            made.ChoosingImages,
            record.JudgedImages,
            made.Layers,
            record.FloatLayers,
            record.WeightBits,
            record.Agreement,
            record.CalibrationAgreement,
            new(record.FloatAccuracy, floats.MillisecondsAlone, floats.ImagesPerSecond),
            record.Numbers == QuantizedNumbers.Int8 ? figures : null,
            record.Numbers == QuantizedNumbers.Fp16 ? figures : null,
            made.HalfPrecision);
    }
}

/// <summary>The figures of one of the two networks.</summary>
/// <param name="Accuracy">The share of images classified correctly, 0 to 1; <c>null</c> if their classes are not known.</param>
/// <param name="MillisecondsAlone">The median time of a run with one image on all cores.</param>
/// <param name="ImagesPerSecond">The images per second of batches of eight on all cores.</param>
internal sealed record QuantizationFigures(double? Accuracy, double MillisecondsAlone, double ImagesPerSecond);

[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(QuantizationReport))]
internal sealed partial class QuantizationJson : JsonSerializerContext;
