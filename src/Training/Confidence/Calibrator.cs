using Fovea.Models.Graphs;
using Fovea.Models.Heads;
using Fovea.Models.Runtime;
using Fovea.Training.Datasets;
using Fovea.Training.Features;

namespace Fovea.Training.Confidence;

/// <summary>
/// Calibrates a trained network on its validation images: fits the temperature of its probabilities, and the energy over which an image
/// counts as an outlier.
/// </summary>
internal static class Calibrator
{
    /// <summary>The largest number of training images to whose features the density is fitted.</summary>
    public const int MostKnown = 500;

    /// <summary>The largest number of validation images that the calibration uses.</summary>
    public const int MostJudged = 1_000;

    private const int Folds = 5;

    private const string Source = "cross-validation";

    /// <summary>Calibrates a network and writes the calibration into its graph.</summary>
    /// <param name="network">The network with its weights, which can be served.</param>
    /// <param name="train">The network's training images. The density of known images is fitted to their features.</param>
    /// <param name="validation">The network's validation images.</param>
    /// <param name="device">The device to run on.</param>
    /// <param name="stop">Cancels the work.</param>
    /// <returns>The calibration; null for a network whose last layer is not found.</returns>
    public static FittedCalibration? Calibrate(
        Graph network, Dataset train, Dataset validation, Device device, CancellationToken stop)
    {
        if (ClassifierHead.TryFind(network) is not { } head)
        {
            return null;
        }

        var judged = Sample(validation, MostJudged);
        var images = new HeldOutPredictions(Logits(network, judged, device, stop), judged.Targets, judged.LabelSets);
        FeatureDensity? density = null;
        double[] energies = [];
        if (judged.LabelSets is null)
        {
            using var extractor = new FeatureExtractor(head.Backbone(train.Preprocessing.Shape), head.FeatureCount, device);
            density = new(Features(Sample(train, MostKnown)));
            energies = [.. Features(judged).Select(density.Energy)];

            float[][] Features(Dataset images) =>
                [.. extractor.Read(images, _ => { }, stop).Rows.Select(row => row[..head.ImageFeatureCount])];
        }

        var fitted = FittedCalibration.Of(images, "the validation images", density, energies);
        fitted.WriteTo(network, head.Features);
        return fitted;
    }

    /// <summary>Calibrates a new head by cross-validation on its training images.</summary>
    /// <param name="known">The features of the training images, without probabilities of an earlier head.</param>
    /// <param name="outOfFold">The predictions for training images, each by a head that was not trained on the image.</param>
    public static FittedCalibration Fit(FeatureSet known, HeldOutPredictions outOfFold)
    {
        if (known.LabelSets is not null)
        {
            return FittedCalibration.Of(outOfFold, Source, density: null, energies: []);
        }

        int step = (known.Rows.Count + MostJudged - 1) / MostJudged;
        float[][] rows = [.. known.Rows.Where((_, i) => i % step == 0)];
        int folds = Math.Min(Folds, rows.Length);
        var energies = Enumerable.Range(0, folds).SelectMany(fold => folds == 1
            ? rows.Select(new FeatureDensity(rows).Energy)
            : rows.Where((_, i) => i % folds == fold).Select(new FeatureDensity([.. rows.Where((_, i) => i % folds != fold)]).Energy));
        return FittedCalibration.Of(outOfFold, Source, new(rows), [.. energies]);
    }

    private static Dataset Sample(Dataset all, int most) => all.Count <= most
        ? all
        : all.Subset([.. Enumerable.Range(0, most).Select(i => (int)((long)i * all.Count / most))]);

    private static float[][] Logits(Graph network, Dataset images, Device device, CancellationToken stop)
    {
        using var extractor = new FeatureExtractor(network, network.Outputs[0].Shape[1], device);
        return [.. extractor.Read(images, _ => { }, stop).Rows];
    }
}
