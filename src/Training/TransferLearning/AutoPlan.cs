using System.Globalization;
using Fovea.Training.Confidence;
using Fovea.Training.Features;
using Fovea.Training.Reports;

namespace Fovea.Training.TransferLearning;

/// <summary>The plan of the method auto after the head is trained: which layers to train in the remaining time.</summary>
/// <param name="Method">Partial or full; null keeps the head.</param>
/// <param name="Epochs">The number of epochs for which the time suffices.</param>
/// <param name="Reason">The reason, as part of a sentence.</param>
internal sealed record AutoPlan(FineTuningMethod? Method, int Epochs, string Reason)
{
    // The training time of an image as a multiple of the time for computing its features: a forward pass, and a backward pass through all
    // layers (full) or the last layers (partial).
    private const double FullCost = 4, PartialCost = 2;

    // With fewer validation images, a gain cannot be told from chance.
    private const int LeastValidation = 40;

    private const int LeastEpochs = 2, MostEpochs = 10;

    // The mean of the images' differences in loss must be at least this many times its standard error. Chance alone achieves this in 1 of
    // 40 cases.
    private const double Certainty = 1.96;

    // The number of sessions that a trial opens before its first epoch: for a sample of features, the training step and validation; and
    // after its last one: two for the calibration, and two for the report.
    private const int SessionsBefore = 3, SessionsAfter = 4;

    // The report explains wrong answers. An explanation takes as long as the features of this many images.
    private const int ExplanationCost = 3;

    /// <summary>Plans which layers to train.</summary>
    /// <param name="left">The remaining time.</param>
    /// <param name="speed">The speed at which features were computed.</param>
    /// <param name="images">The number of training images.</param>
    /// <param name="validation">The number of validation images.</param>
    public static AutoPlan For(TimeSpan left, FeatureSpeed speed, int images, int validation)
    {
        if (validation < LeastValidation)
        {
            return new(
                null, 0, $"the head is kept: {validation} validation images are fewer than {LeastValidation}, too few to measure a gain");
        }

        int full = EpochsFor(FullCost), partial = EpochsFor(PartialCost);
        string time = left.TotalSeconds.ToString("F0", CultureInfo.InvariantCulture);
        return full >= LeastEpochs ? new(FineTuningMethod.Full, full, $"{full} epochs fit into the {time} s that are left")
            : partial >= LeastEpochs ? new(FineTuningMethod.Partial, partial, $"{partial} epochs fit into the {time} s that are left")
            : new(null, 0, $"the head is kept: {LeastEpochs} epochs of further training would take longer than the {time} s that are "
                + "left (--minutes)");

        // The number of epochs that fit into the time. The validation images are also run with the first weights and after each epoch.
        int EpochsFor(double cost)
        {
            double seconds = (left - (SessionsBefore * speed.Opening) - Ending(speed, images, validation)).TotalSeconds;
            return (int)Math.Clamp(
                ((seconds * speed.ImagesPerSecond) - validation) / ((images * cost) + validation), 0, MostEpochs);
        }
    }

    /// <summary>
    /// Estimates the time between the last epoch and the end of the run: the calibration runs training images and validation images, the
    /// report runs the validation images again and explains the worst answers, and sessions are opened for both.
    /// </summary>
    /// <param name="speed">The speed at which features were computed.</param>
    /// <param name="images">The number of training images.</param>
    /// <param name="validation">The number of validation images.</param>
    public static TimeSpan Ending(FeatureSpeed speed, int images, int validation)
    {
        int calibration = Math.Min(images, Calibrator.MostKnown) + (2 * Math.Min(validation, Calibrator.MostJudged));
        int report = validation + (ExplanationCost * Math.Min(validation, Mistake.MaximumCount));
        return (SessionsAfter * speed.Opening) + TimeSpan.FromSeconds((calibration + report) / speed.ImagesPerSecond);
    }

    /// <summary>Whether the loss with other weights is lower than with the head by more than chance explains.</summary>
    /// <param name="head">The losses of the validation images with the head.</param>
    /// <param name="other">The losses of the same images with the other weights.</param>
    public static bool IsGain(IReadOnlyList<double> head, IReadOnlyList<double> other)
    {
        double[] gains = [.. head.Zip(other, (before, after) => before - after)];
        double mean = gains.Average(), variance = gains.Average(gain => (gain - mean) * (gain - mean));
        return mean > 0 && mean >= Certainty * Math.Sqrt(variance / gains.Length);
    }
}
