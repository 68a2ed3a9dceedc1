using Fovea.Models.Errors;

namespace Fovea.Models.Metadata;

/// <summary>
/// What a quantised file says of its quantisation, in the property <c>fovea.quantization</c>. A service compares it with the float file.
/// </summary>
/// <param name="Source">The float file.</param>
/// <param name="Calibration">How ranges were found: minMax, entropy or percentile.</param>
/// <param name="Images">The number of calibration images.</param>
/// <param name="CalibrationAgreement">
/// The share of the calibration images for which float and integers give the same top class, 0 to 1.
/// </param>
/// <param name="WeightBits">8, or 7: right also on processors on which sums of products may saturate.</param>
/// <param name="FloatLayers">The layers that stayed floats.</param>
/// <param name="JudgedImages">The number of other images on which both were compared.</param>
/// <param name="Agreement">The share of those with the same top class, 0 to 1.</param>
/// <param name="Accuracy">The share of those classified correctly, 0 to 1; <c>null</c> if their classes are not known.</param>
/// <param name="FloatAccuracy">The same of the float file.</param>
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
    double? FloatAccuracy = null)
{
    /// <summary>Checks the values.</summary>
    /// <exception cref="FoveaException">A value is missing or out of range.</exception>
    internal QuantizationRecord Checked() =>
        Source is null || Source.Sha256 is null ? throw Invalid("no source; expected the float file and its SHA-256")
        : WeightBits is not (7 or 8) ? throw Invalid($"weights of {WeightBits} bits; expected 7 or 8")
        : !(CalibrationAgreement is >= 0 and <= 1 && Agreement is >= 0 and <= 1) ? throw Invalid("an agreement out of 0 to 1")
        : this;

    private static FoveaException Invalid(string problem) => new(
        ErrorCode.BadModelFile, $"The metadata property fovea.quantization has {problem}.");
}
