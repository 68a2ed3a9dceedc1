using System.Globalization;
using Fovea.Api.Problems;

namespace Fovea.Api.Classification;

/// <summary>The predictions that a request wants.</summary>
/// <param name="Top">The largest number of predictions, at least 1.</param>
/// <param name="Threshold">The smallest probability of a returned prediction, 0 to 1.</param>
internal readonly record struct WantedPredictions(int Top, double Threshold)
{
    private const int DefaultTop = 5;

    /// <summary>Reads the parameters of a query.</summary>
    /// <param name="top">A whole number from 1; null or empty: 5. A number above the number of classes means all classes.</param>
    /// <param name="threshold">A number from 0 to 1; null or empty: 0.</param>
    /// <param name="classes">The number of classes of the model.</param>
    /// <exception cref="ServiceException"><see cref="ServiceError.MalformedRequest"/>: a parameter has another value.</exception>
    public static WantedPredictions Read(string? top, string? threshold, int classes) =>
        new(ReadTop(top, classes), ReadThreshold(threshold));

    private static int ReadTop(string? top, int classes) => string.IsNullOrEmpty(top) ? Math.Min(DefaultTop, classes)
        : long.TryParse(top, NumberStyles.None, CultureInfo.InvariantCulture, out long count) && count > 0 ? (int)Math.Min(count, classes)
        : throw new ServiceException(ServiceError.MalformedRequest, $"top is {top}; expected a whole number from 1 to {classes}.");

    private static double ReadThreshold(string? threshold) => string.IsNullOrEmpty(threshold) ? 0
        : double.TryParse(threshold, NumberStyles.Float, CultureInfo.InvariantCulture, out double least) && least is >= 0 and <= 1 ? least
        : throw new ServiceException(ServiceError.MalformedRequest, $"threshold is {threshold}; expected a number from 0 to 1.");
}
