using Fovea.Models.Graphs;
using Fovea.Models.Metadata;
using Fovea.Models.TrainingEvents;

namespace Fovea.Training.Confidence;

/// <summary>A calibration of a network, and how it was fitted.</summary>
/// <param name="Calibration">The temperature, and the threshold for outliers.</param>
/// <param name="Density">The density that gives the energy; null if outliers are not recognised.</param>
/// <param name="Fit">The figures of the fit.</param>
/// <param name="Thresholds">The precision and recall of each class by threshold; empty for more than 20 classes.</param>
internal sealed record FittedCalibration(
    ModelCalibration Calibration, FeatureDensity? Density, CalibrationFitted Fit, IReadOnlyList<ThresholdCurve> Thresholds)
{
    // The least number of images to fit a temperature to. In a simulation with three classes, a temperature that was fitted to fewer images
    // raised the log loss of new images in most runs, where the network was calibrated or 1.3 times too confident: in 88 to 97 % of the
    // runs with 16 images or fewer and 53 to 67 % with 32, but 17 to 39 % with 64.
    private const int LeastImages = 64;

    // A few very wrong images can have so high a loss that the lowest loss needs a temperature at which all other images are much less
    // confident than right. So a temperature that raises the calibration error must leave it under this limit.
    private const double TolerableError = 0.05;

    private const int Folds = 5;

    private const double KnownShare = 0.95, Hottest = 20, Coldest = 0.05, Precision = 1e-4;

    // The ratio of the golden section. The search divides an interval at two inner points, and this ratio lets the next, smaller interval
    // reuse one of them.
    private static readonly double Golden = (Math.Sqrt(5) - 1) / 2;

    /// <summary>Fits a calibration.</summary>
    /// <param name="images">Images that the network was not trained on.</param>
    /// <param name="source">The origin of the images, as part of a sentence, such as "the validation images".</param>
    /// <param name="density">The density of the known images' features; null for independent labels.</param>
    /// <param name="energies">
    /// The energies of known images, by which the threshold for outliers is chosen; empty if <paramref name="density"/> is null.
    /// </param>
    public static FittedCalibration Of(HeldOutPredictions images, string source, FeatureDensity? density, IReadOnlyList<double> energies)
    {
        double error = images.CalibrationError(1), fitted = IsGain(images) ? BestTemperature(images) : 1;
        double temperature = images.CalibrationError(fitted) <= Math.Max(error, TolerableError) ? fitted : 1;
        var outlier = density is null ? null : new OutlierRule(Quantile(energies, KnownShare));
        var fit = new CalibrationFitted(
            temperature,
            error,
            images.CalibrationError(temperature),
            images.Logits.Count,
            source,
            outlier?.Threshold);
        return new(new(temperature, outlier), density, fit, ThresholdCurve.All(images, temperature));
    }

    /// <summary>Writes the calibration into a classifier's graph and its metadata.</summary>
    /// <param name="graph">The classifier.</param>
    /// <param name="features">The input of the classifier's last layer.</param>
    public void WriteTo(Graph graph, Value features)
    {
        Density?.AppendTo(graph, features);
        (ModelMetadata.Read(graph.Metadata) with { Calibration = Calibration }).WriteTo(graph);
    }

    // Whether temperatures lower the log loss of images to which they were not fitted. Otherwise the temperature stays 1.
    private static bool IsGain(HeldOutPredictions images)
    {
        int count = images.Logits.Count;
        if (count < LeastImages)
        {
            return false;
        }

        double gain = 0;
        foreach (int fold in Enumerable.Range(0, Folds))
        {
            var aside = images.Subset([.. Enumerable.Range(0, count).Where(i => i % Folds == fold)]);
            double fitted = BestTemperature(images.Subset([.. Enumerable.Range(0, count).Where(i => i % Folds != fold)]));
            gain += (aside.Loss(1, count) - aside.Loss(fitted, count)) * aside.Logits.Count;
        }

        return gain > 0;
    }

    // Golden section search over the logarithm of the temperature for the lowest loss. The loss has one minimum.
    private static double BestTemperature(HeldOutPredictions images)
    {
        double low = Math.Log(Coldest), high = Math.Log(Hottest);
        double left = high - (Golden * (high - low)), right = low + (Golden * (high - low));
        double leftLoss = Loss(left), rightLoss = Loss(right);
        while (high - low > Precision)
        {
            if (leftLoss <= rightLoss)
            {
                (high, right, rightLoss) = (right, left, leftLoss);
                left = high - (Golden * (high - low));
                leftLoss = Loss(left);
            }
            else
            {
                (low, left, leftLoss) = (left, right, rightLoss);
                right = low + (Golden * (high - low));
                rightLoss = Loss(right);
            }
        }

        return Math.Round(Math.Exp((low + high) / 2), 4);

        double Loss(double logarithm) => images.Loss(Math.Exp(logarithm));
    }

    // Returns the value that a further value of the same kind does not exceed with this probability. A further value is equally likely to
    // come at any of the n + 1 places among n values, so the rank is a share of n + 1, as in conformal prediction (Vovk et al., 2005).
    private static double Quantile(IReadOnlyList<double> values, double share)
    {
        double[] sorted = [.. values.Order()];
        return sorted[(int)Math.Clamp(Math.Ceiling(share * (sorted.Length + 1)) - 1, 0, sorted.Length - 1)];
    }
}
