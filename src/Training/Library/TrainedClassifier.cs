namespace Fovea.Training.Library;

/// <summary>The files that a run has written, and the model's accuracy.</summary>
/// <param name="Path">The .onnx file, with its labels, its preprocessing and its calibration.</param>
/// <param name="Report">The report beside the .onnx file, an HTML page.</param>
/// <param name="ValidationAccuracy">The share of the validation images that the model classifies correctly, 0 to 1.</param>
/// <param name="ValidationLoss">The mean loss of the validation images, in nats.</param>
public sealed record TrainedClassifier(string Path, string Report, double ValidationAccuracy, double ValidationLoss);
