using Fovea.Models.Errors;
using Fovea.Models.Layers;
using Fovea.Models.Runtime;
using Fovea.Training.Datasets;
using Fovea.Training.Predictions;

namespace Fovea.Training.Precision;

/// <summary>The images of a quantisation, in three sets. If classes are known, no image is in two sets.</summary>
/// <param name="Calibration">The images whose activations give the ranges of the tensors' values.</param>
/// <param name="Choosing">The images by which the method of calibration and the layers that stay floats are chosen.</param>
/// <param name="Judging">
/// The images by which the result is judged: the images that evaluation reads, or half of them if these are also the training images. If
/// classes are not known: all images that are not in <paramref name="Calibration"/>.
/// </param>
/// <param name="HasClasses">Whether the classes of the images are known; otherwise the float network's answers count as right.</param>
internal sealed record HeldImages(Dataset Calibration, Dataset Choosing, Dataset Judging, bool HasClasses)
{
    // The least number of images: one is for calibration, and another one for judging.
    private const int Fewest = 2;

    /// <summary>Opens a data set, or a plain folder of images, and divides it.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="model">The float network.</param>
    /// <param name="most">The largest number of images in <see cref="Calibration"/>, and in <see cref="Choosing"/>.</param>
    /// <param name="seed">The seed by which images are chosen.</param>
    /// <param name="refused">Receives the files that are no readable images.</param>
    /// <exception cref="FoveaException">
    /// The folder is missing or holds too few images, or the model lacks a class of the images.
    /// </exception>
    public static HeldImages Open(string folder, Classifier model, int most, long seed, Action<SkippedFile> refused)
    {
        if (PlainImages.IsPlain(folder))
        {
            var images = PlainImages.Read(ImagePaths.Of([folder], recursive: false), model.Preprocessing);
            Report(images);
            var (calibration, others) = Divided(images, most, seed);
            return new(calibration, Some(others, most, seed), others, HasClasses: false);
        }

        var data = DatasetFolder.Open(folder, model.Preprocessing);
        var judging = data.ForEvaluation;
        Report(judging);
        var matched = judging.MatchedWith(model.Labels);
        RequireKind(model, matched);
        if (judging == data.Train)
        {
            // The data set has no validation or test images, so half of its images are used for judging.
            var (pool, rest) = Divided(matched, matched.Count, seed);
            var (calibration, others) = Divided(pool, most, seed);
            return new(calibration, Some(others, most, seed), rest, HasClasses: true);
        }

        var train = data.Train.MatchedWith(model.Labels);
        if (data.Test is not null && data.Validation is { } validation)
        {
            return new(Some(train, most, seed), Some(validation.MatchedWith(model.Labels), most, seed), matched, HasClasses: true);
        }

        var (given, left) = Divided(train, most, seed);
        return new(given, Some(left, most, seed), matched, HasClasses: true);

        void Report(Dataset dataset)
        {
            foreach (var file in dataset.Refused)
            {
                refused(file);
            }
        }
    }

    private static void RequireKind(Classifier model, Dataset images)
    {
        if (images.LabelSets is not null && !model.IsMultiLabel)
        {
            throw new FoveaException(
                ErrorCode.BadDataset,
                "The data set's images have several labels or none, and the model gives one class; expected one class folder for each "
                + "image, or a folder of images without classes.");
        }
    }

    private static Dataset Some(Dataset images, int most, long seed) =>
        images.Count <= most ? images : images.Subset([.. Order(images, seed).Take(most).Order()]);

    // Divides images at random. The first set has at most the given number of images and at most half of all; the second set has the
    // others.
    private static (Dataset Given, Dataset Others) Divided(Dataset images, int most, long seed)
    {
        if (images.Count < Fewest)
        {
            throw new FoveaException(
                ErrorCode.BadDataset, $"There is {images.Count} image to calibrate and choose with; expected at least {Fewest}.");
        }

        var order = Order(images, seed);
        int count = Math.Min(most, order.Length / 2);
        return (images.Subset([.. order.Take(count).Order()]), images.Subset([.. order.Skip(count).Order()]));
    }

    private static int[] Order(Dataset images, long seed) => new SeededRandom(seed).Permutation(images.Count);
}
