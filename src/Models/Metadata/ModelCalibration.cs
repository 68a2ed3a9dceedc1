using System.Text.Json.Serialization;
using Fovea.Models.Errors;

namespace Fovea.Models.Metadata;

/// <summary>
/// The correction of a network's confidence, and the rule for images that show none of its classes: the property
/// <c>fovea.calibration</c> of a file.
/// </summary>
/// <param name="Temperature">
/// The divisor of the logits before softmax or sigmoid (Guo et al., "On Calibration of Modern Neural Networks", 2017), above 0. Default 1.
/// </param>
/// <param name="Outlier">The rule for outliers; <c>null</c> if the logits do not tell.</param>
public sealed record ModelCalibration(double Temperature = 1, OutlierRule? Outlier = null)
{
    /// <summary>Checks the values.</summary>
    /// <exception cref="FoveaException">A value is out of range.</exception>
    internal ModelCalibration Checked() =>
        !(double.IsFinite(Temperature) && Temperature > 0) ? throw Invalid($"temperature {Temperature}; expected a number above 0")
        : Outlier is { Threshold: var limit } && !double.IsFinite(limit) ? throw Invalid($"outlier threshold {limit}; expected a number")
        : this;

    private static FoveaException Invalid(FormattableString problem) => new(
        ErrorCode.BadModelFile, FormattableString.Invariant($"The metadata property fovea.calibration has the {problem}."));
}

/// <summary>
/// Calls an image an outlier if its energy, -log(sum of exp(logits)), is above a threshold (Liu et al., "Energy-based Out-of-distribution
/// Detection", 2020).
/// </summary>
/// <param name="Threshold">The highest energy of an image that counts as one of the known classes.</param>
public sealed record OutlierRule([property: JsonRequired] double Threshold);
