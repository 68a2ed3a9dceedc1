using Fovea.Models.Runtime;

namespace Fovea.Training.Predictions;

/// <summary>The answer to one image file.</summary>
/// <param name="File">The file's path, as it was given or listed.</param>
/// <param name="Predictions">The classes, the likeliest first; empty if there is an error, or if no label is likely enough.</param>
/// <param name="Error">The reason why the file could not be classified, as a sentence; <c>null</c> if the file was classified.</param>
/// <param name="Outlier">The outlier score; <c>null</c> if the model is not calibrated for it.</param>
internal sealed record ClassifiedImage(
    string File, IReadOnlyList<Prediction> Predictions, string? Error = null, OutlierScore? Outlier = null);
