using Fovea.Models.Annotations;
using Fovea.Models.Errors;
using Fovea.Models.TrainingEvents;
using Fovea.Training.Datasets;

namespace Fovea.Training.DataQuality;

/// <summary>The check of a data set before a run. It leaves out training images that are copies of validation images.</summary>
/// <param name="Images">The images of the training part, followed by the images of the validation part.</param>
/// <param name="Kept">The training images that the run uses, as indices into <paramref name="Images"/>.</param>
/// <param name="Training">The number of images of the training part, before some are left out.</param>
internal sealed record TrainingCheck(CheckedImages Images, IReadOnlyList<int> Kept, int Training)
{
    /// <summary>The training images that are left out.</summary>
    public IReadOnlyList<string> Leaks { get; private init; } = [];

    /// <summary>The event that names the training images that are left out; null if there are none.</summary>
    public LeaksFound? Found => Leaks.Count > 0 ? new(Leaks.Count, Leaks) : null;

    /// <summary>Checks the images of a run.</summary>
    /// <param name="data">The data set.</param>
    /// <param name="seed">The seed of the run.</param>
    /// <param name="stop">Cancels the check.</param>
    /// <returns>
    /// The data set without the training images that are left out, and the check. IDX files are not checked, since their small images are
    /// often alike: their check is null.
    /// </returns>
    /// <exception cref="FoveaException">The data set cannot be read.</exception>
    public static (DatasetFolder Data, TrainingCheck? Check) Of(DatasetFolder data, long seed, CancellationToken stop)
    {
        var (train, validation) = data.ForTraining(seed);
        if (train.Count == 0 || train.FileOf(0) is null)
        {
            return (data, null);
        }

        var images = CheckedImages.Of(
            data.Folder, data.Name, [(DataPart.Train, train), (DataPart.Validation, validation)], stop);
        var leaked = CopyChecks.LeakedIntoTraining(images);
        int[] kept = [.. Enumerable.Range(0, train.Count).Where(i => !leaked.Contains(i))];
        return (
            data.WithoutTraining(leaked),
            new(images, kept, train.Count) { Leaks = [.. leaked.Order().Select(i => images.Describe(i).File)] });
    }

    /// <summary>Returns the check with predictions.</summary>
    /// <param name="judged">
    /// Predictions for images. They give an image's index in the list of the training images that the run uses, followed by the validation
    /// images.
    /// </param>
    public TrainingCheck With(JudgedLabels judged) => this with
    {
        Images = Images.With(judged with
        {
            Images = [.. judged.Images.Select(i => i < Kept.Count ? Kept[i] : Training + i - Kept.Count)],
        }),
    };
}
