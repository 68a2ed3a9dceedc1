using Fovea.Models.Errors;

namespace Fovea.Models.Metadata;

/// <summary>
/// The record of a quantisation to 8-bit integers or to 16-bit floats. The quantised file stores it as JSON in its metadata property
/// <c>fovea.quantization</c>. The service reads it to decide whether the quantised file may replace the float file.
/// </summary>
/// <param name="Source">The float file that was quantised.</param>
/// <param name="Calibration">The method that found the ranges of tensors: minMax, entropy or percentile; peaks for 16-bit floats.</param>
/// <param name="Images">The number of calibration images.</param>
/// <param name="CalibrationAgreement">
/// The share of the calibration images for which the float network and the quantised network give the same top class, 0 to 1.
/// </param>
/// <param name="WeightBits">
/// The bits of a weight: 8, or 7 for processors on which sums of products of 8-bit weights may saturate; 16 for 16-bit floats.
/// </param>
/// <param name="FloatLayers">The names of the layers that still compute with 32-bit floats.</param>
/// <param name="JudgedImages">The number of other images on which the float network and the quantised network were compared.</param>
/// <param name="Agreement">The share of these other images for which both networks give the same top class, 0 to 1.</param>
/// <param name="Accuracy">
/// The share of these other images that the quantised network classifies correctly, 0 to 1; <c>null</c> if their classes are unknown.
/// </param>
/// <param name="FloatAccuracy">
/// The share of these other images that the float network classifies correctly, 0 to 1; <c>null</c> if their classes are unknown.
/// </param>
/// <param name="Numbers">The numbers with which the quantised network computes. Default, and in older files: 8-bit integers.</param>
public sealed record QuantizationRecord(
    WeightsSource Source,
    string Calibration,
    int Images,
    double CalibrationAgreement,
    int WeightBits,
    string[] FloatLayers,
    int JudgedImages,
    double Agreement,
    double? Accuracy = null,
    double? FloatAccuracy = null,
    QuantizedNumbers Numbers = QuantizedNumbers.Int8)
{
    /// <summary>Checks the ranges of the values and returns the object itself.</summary>
    /// <exception cref="FoveaException">A value is missing or out of range.</exception>
    internal QuantizationRecord Checked() =>
        Source is null || Source.Sha256 is null ? throw Invalid("no source; expected the float file and its SHA-256")
        : !Enum.IsDefined(Numbers) ? throw Invalid($"numbers of the kind {Numbers}; expected int8 or fp16")
        : Numbers == QuantizedNumbers.Int8 && WeightBits is not (7 or 8) ? throw Invalid($"weights of {WeightBits} bits; expected 7 or 8")
        : Numbers == QuantizedNumbers.Fp16 && WeightBits != 16 ? throw Invalid($"weights of {WeightBits} bits; expected 16")
        : !(CalibrationAgreement is >= 0 and <= 1 && Agreement is >= 0 and <= 1) ? throw Invalid("an agreement out of 0 to 1")
        : this;

    private static FoveaException Invalid(string problem) => new(
        ErrorCode.BadModelFile, $"The metadata property fovea.quantization has {problem}.");
}
