namespace Fovea.Models.TrainingEvents;

/// <summary>
/// A strength of the penalty on a head's weights was evaluated by cross-validation on the training images: each image is classified by a
/// head that was trained without this image.
/// </summary>
/// <param name="Penalty">The factor of half the sum of squared weights, relative to the loss of one image.</param>
/// <param name="Loss">The mean loss of the images in the cross-validation, in nats.</param>
/// <param name="Accuracy">The share of images that the cross-validation classifies correctly, 0 to 1.</param>
/// <param name="Folds">
/// The number of parts into which the cross-validation divides the images; each part is left out of training once.
/// </param>
/// <param name="Chosen">Whether the final head uses this penalty, because its loss is the lowest.</param>
public sealed record PenaltyTried(double Penalty, double Loss, double Accuracy, int Folds, bool Chosen) : TrainingEvent;

/// <summary>After training a head, the method auto chose a second method to try, or decided to try none.</summary>
/// <param name="Method">The method to try: partial or full; <c>null</c> if auto tries none.</param>
/// <param name="Reason">The reason of the choice, as part of a sentence.</param>
public sealed record TrialPlanned(string? Method, string Reason) : TrainingEvent;

/// <summary>
/// The network with only a new head was compared with the network in which more layers were trained. This is the last event of a run.
/// </summary>
/// <param name="Winner">The method whose weights are saved: head, partial or full.</param>
/// <param name="Other">The method whose weights are discarded.</param>
/// <param name="Loss">The validation loss of the saved weights, in nats.</param>
/// <param name="OtherLoss">The validation loss of the discarded weights, in nats.</param>
/// <param name="Accuracy">The validation accuracy of the saved weights, 0 to 1.</param>
/// <param name="OtherAccuracy">The validation accuracy of the discarded weights, 0 to 1.</param>
/// <param name="Reason">The reason of the choice, as part of a sentence.</param>
public sealed record MethodsCompared(
    string Winner, string Other, double Loss, double OtherLoss, double Accuracy, double OtherAccuracy, string Reason) : TrainingEvent;

/// <summary>The download of a pretrained base makes progress or is complete.</summary>
/// <param name="Message">The progress, as text.</param>
public sealed record BaseDownload(string Message) : TrainingEvent;

/// <summary>The trained model was added to the model repository as a new version.</summary>
/// <param name="Model">The model's name.</param>
/// <param name="NewVersion">The number of the new version.</param>
/// <param name="Path">The path of the new version's model file.</param>
/// <param name="Serves">
/// Whether requests without a version use the new version; false if the file <c>default</c> in the model's folder names another version.
/// </param>
public sealed record ModelPublished(string Model, int NewVersion, string Path, bool Serves) : TrainingEvent;

/// <summary>The temperature of the probabilities and the threshold for outliers were fitted.</summary>
/// <param name="Temperature">The divisor of the logits, above 0.</param>
/// <param name="ErrorBefore">The expected calibration error without the temperature, 0 to 1.</param>
/// <param name="ErrorAfter">The expected calibration error with the temperature, 0 to 1.</param>
/// <param name="Images">The number of images used for the fit. The network that classifies an image was not trained on it.</param>
/// <param name="Source">The origin of these images, as part of a sentence.</param>
/// <param name="OutlierThreshold">
/// The highest energy at which an image counts as an image of a known class; <c>null</c> if outliers are not recognised.
/// </param>
public sealed record CalibrationFitted(
    double Temperature, double ErrorBefore, double ErrorAfter, int Images, string Source, double? OutlierThreshold) : TrainingEvent;
