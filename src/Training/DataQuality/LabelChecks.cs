using System.Globalization;

namespace Fovea.Training.DataQuality;

/// <summary>The check that finds labels that are probably wrong.</summary>
internal static class LabelChecks
{
    // A label that confident learning does not call wrong is a finding only if it ranks within this share of the images. On hard images a
    // classifier is often wrong, so only its worst disagreements are worth a look.
    private const double LargestShare = 0.1;

    /// <summary>Returns a sentence that says which images are not checked; null if all images are checked.</summary>
    public static string? WhyNot(CheckedImages images) =>
        images.Judged is not { } judged
            ? "Labels were not judged, because this needs classifiers that were not trained on the images. The command data check trains "
                + "such classifiers if there are at least two classes and ten images."
        : judged.Images.Count < images.All.Count
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"Labels of {judged.Images.Count:N0} of the {images.All.Count:N0} images are judged; data check judges more.")
        : null;

    /// <summary>
    /// Finds labels that are probably wrong: all labels that confident learning calls wrong, and labels that are merely less plausible than
    /// another label, if they rank within the worst tenth of the images.
    /// </summary>
    public static IEnumerable<HealthFinding> Doubts(CheckedImages images) => images.Judged is not { } judged ? []
        : LabelDoubt.All(judged.Predictions)
            .Where((doubt, rank) => doubt.IsConfident || rank < LargestShare * judged.Images.Count)
            .Select(doubt => Finding(images, doubt, judged.Images[doubt.Image]));

    private static HealthFinding Finding(CheckedImages images, LabelDoubt doubt, int image)
    {
        string given = images.All.Labels[doubt.Label], suggested = images.All.Labels[doubt.Suggested];
        bool isClass = images.All.LabelSets is null;
        string reason = isClass ? $"Labelled {given}, but {suggested} is more plausible"
            : doubt.IsPresent ? $"Labelled {given}, which seems absent"
            : $"Not labelled {given}, which seems present";
        string shares = string.Create(
            CultureInfo.InvariantCulture, $" ({doubt.Probability * 100:F0} % against {doubt.GivenProbability * 100:F0} %).");
        return new(reason + shares, [images.Describe(image)], isClass ? suggested : null);
    }
}
