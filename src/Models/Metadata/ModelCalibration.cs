using System.Text.Json.Serialization;
using Fovea.Models.Errors;

namespace Fovea.Models.Metadata;

/// <summary>
/// The correction of a network's confidence, and the rule that recognises images of none of its classes. A model file stores both as JSON
/// in its metadata property <c>fovea.calibration</c>.
/// </summary>
/// <param name="Temperature">
/// The divisor of the logits before softmax or sigmoid (Guo et al., "On Calibration of Modern Neural Networks", 2017), above 0. Default 1.
/// </param>
/// <param name="Outlier">The rule for outliers; <c>null</c> if the logits of outliers do not differ enough to recognise them.</param>
public sealed record ModelCalibration(double Temperature = 1, OutlierRule? Outlier = null)
{
    /// <summary>Checks the ranges of the values and returns the object itself.</summary>
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
/// <param name="Threshold">The highest energy at which an image still counts as an image of a known class.</param>
public sealed record OutlierRule([property: JsonRequired] double Threshold);
