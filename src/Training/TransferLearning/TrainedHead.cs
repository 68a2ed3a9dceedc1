using Fovea.Models.TrainingEvents;
using Fovea.Training.Confidence;
using Fovea.Training.DataQuality;
using Fovea.Training.Features;

namespace Fovea.Training.TransferLearning;

/// <summary>A head that was trained and judged.</summary>
/// <param name="Head">The head.</param>
/// <param name="Curve">The penalties that were tried, from strong to weak.</param>
/// <param name="Loss">The mean validation loss, in nats.</param>
/// <param name="Accuracy">The validation accuracy, 0 to 1.</param>
/// <param name="Losses">The loss of each validation image.</param>
/// <param name="Speed">The time that the network took to compute features.</param>
/// <param name="Fitted">The calibration of the head, by cross-validation.</param>
internal sealed record TrainedHead(
    LinearHead Head,
    IReadOnlyList<PenaltyTried> Curve,
    double Loss,
    double Accuracy,
    IReadOnlyList<double> Losses,
    FeatureSpeed Speed,
    FittedCalibration Fitted)
{
    /// <summary>
    /// The factor of the square roots of the old classes' probabilities, which the head reads beside the features; null if it reads only
    /// the features.
    /// </summary>
    public float? ProbabilityFactor { get; init; }

    /// <summary>
    /// Predictions by heads that were not trained on the images. The index of an image counts the training images first and then the
    /// validation images.
    /// </summary>
    public required JudgedLabels Judged { get; init; }
}
