namespace Fovea.Training.Library;

/// <summary>What a run has written.</summary>
/// <param name="Path">The .onnx file, with its labels, its preprocessing and its calibration.</param>
/// <param name="Report">The report beside it, a page for browsers.</param>
/// <param name="ValidationAccuracy">The share of the validation images that it classifies correctly, 0 to 1.</param>
/// <param name="ValidationLoss">The mean loss of the validation images, in nats.</param>
public sealed record TrainedClassifier(string Path, string Report, double ValidationAccuracy, double ValidationLoss);
