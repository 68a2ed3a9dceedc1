using System.Text.Json.Serialization;
using Fovea.Models.Metadata;

namespace Fovea.Training.Precision;

/// <summary>The result of a quantisation. The property names are the JSON format of <c>quantize --json</c>.</summary>
/// <param name="Calibration">How ranges were found: minMax, entropy or percentile.</param>
/// <param name="CalibrationImages">The number of calibration images.</param>
/// <param name="ChoosingImages">The number of images by which the method and the float layers were chosen.</param>
/// <param name="Images">The number of images of the comparison.</param>
/// <param name="Layers">The number of layers that can compute with integers.</param>
/// <param name="FloatLayers">The names of the layers that stayed floats.</param>
/// <param name="WeightBits">The bits of the weights, 7 or 8.</param>
/// <param name="Agreement">The share of images with the same answer, 0 to 1.</param>
/// <param name="CalibrationAgreement">The share of calibration images with the same answer, 0 to 1.</param>
/// <param name="Float">The float network.</param>
/// <param name="Int8">The quantised network.</param>
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
    QuantizationFigures Int8)
{
    /// <summary>Creates the report from the measurements.</summary>
    public static QuantizationReport Of(
        QuantizationRecord record, Comparison judged, RunTimes floats, RunTimes integers, int layers, int choosing) => new(
            record.Calibration,
            record.Images,
            choosing,
            judged.Images,
            layers,
            record.FloatLayers,
            record.WeightBits,
            judged.Agreement,
            record.CalibrationAgreement,
            new(record.FloatAccuracy, floats.MillisecondsAlone, floats.ImagesPerSecond),
            new(record.Accuracy, integers.MillisecondsAlone, integers.ImagesPerSecond));
}

/// <summary>The figures of one of the two networks.</summary>
/// <param name="Accuracy">The share of images classified correctly, 0 to 1; <c>null</c> if their classes are not known.</param>
/// <param name="MillisecondsAlone">The median time of a run with one image on all cores.</param>
/// <param name="ImagesPerSecond">The images per second of batches of eight on all cores.</param>
internal sealed record QuantizationFigures(double? Accuracy, double MillisecondsAlone, double ImagesPerSecond);

[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(QuantizationReport))]
internal sealed partial class QuantizationJson : JsonSerializerContext;
