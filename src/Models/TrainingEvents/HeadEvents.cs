namespace Fovea.Models.TrainingEvents;

/// <summary>A penalty of a head's weights, judged by cross-validation on the training images.</summary>
/// <param name="Penalty">The factor of half the squared weights, in units of the loss of one image.</param>
/// <param name="Loss">The mean loss of the images, each judged by a head trained without it, in nats.</param>
/// <param name="Accuracy">The share of images classified correctly in this way, 0 to 1.</param>
/// <param name="Folds">The number of parts of the images, each of which was left out once.</param>
/// <param name="Chosen">Whether the head has this penalty: its loss is the lowest.</param>
public sealed record PenaltyTried(double Penalty, double Loss, double Accuracy, int Folds, bool Chosen) : TrainingEvent;

/// <summary>The method auto tries to improve on the head, or explains why it does not.</summary>
/// <param name="Method">The method that is tried: partial or full; null if none is.</param>
/// <param name="Reason">Why, as part of a sentence.</param>
public sealed record TrialPlanned(string? Method, string Reason) : TrainingEvent;

/// <summary>The result of training more than the head is compared with the head. This is the last event of a run.</summary>
/// <param name="Winner">The method whose weights are saved: head, partial or full.</param>
/// <param name="Other">The method that lost.</param>
/// <param name="Loss">The validation loss of the saved weights, in nats.</param>
/// <param name="OtherLoss">That of the other weights.</param>
/// <param name="Accuracy">The validation accuracy of the saved weights, 0 to 1.</param>
/// <param name="OtherAccuracy">That of the other weights.</param>
/// <param name="Reason">The reason of the choice, as part of a sentence.</param>
public sealed record MethodsCompared(
    string Winner, string Other, double Loss, double OtherLoss, double Accuracy, double OtherAccuracy, string Reason) : TrainingEvent;

/// <summary>A pretrained base is downloaded or has been.</summary>
/// <param name="Message">The progress, as text.</param>
public sealed record BaseDownload(string Message) : TrainingEvent;

/// <summary>The model is in the model repository.</summary>
/// <param name="Model">The model's name.</param>
/// <param name="NewVersion">Its new version.</param>
/// <param name="Path">The path of the file.</param>
/// <param name="Serves">Whether this version serves; otherwise the file <c>default</c> names another one.</param>
public sealed record ModelPublished(string Model, int NewVersion, string Path, bool Serves) : TrainingEvent;

/// <summary>The temperature of the probabilities and the threshold for outliers are fitted.</summary>
/// <param name="Temperature">The divisor of the logits, above 0.</param>
/// <param name="ErrorBefore">The expected calibration error without it, 0 to 1.</param>
/// <param name="ErrorAfter">The expected calibration error with it, 0 to 1.</param>
/// <param name="Images">The number of images that were judged, none of which the judging network was trained on.</param>
/// <param name="Source">The origin of these images, as part of a sentence.</param>
/// <param name="OutlierThreshold">The highest energy of a known image; null if outliers are not recognised.</param>
public sealed record CalibrationFitted(
    double Temperature, double ErrorBefore, double ErrorAfter, int Images, string Source, double? OutlierThreshold) : TrainingEvent;
