using System.Globalization;

namespace Fovea.Training.DataQuality;

/// <summary>The checks that find the same picture in several files.</summary>
internal static class CopyChecks
{
    /// <summary>Finds pictures that are in more than one part of the data set.</summary>
    public static IEnumerable<HealthFinding> Leaks(CheckedImages images) =>
        images.Copies.Where(group => group.Select(images.PartOf).Distinct().Count() > 1).Select(group => Finding(
            images,
            group,
            $"The same picture is in {string.Join(" and ", group.Select(images.PartOf).Distinct())}{Also(images, group)}."));

    /// <summary>Finds images of one part whose pixels are the same.</summary>
    public static IEnumerable<HealthFinding> Identical(CheckedImages images) =>
        WithinParts(images).Where(group => IsIdentical(images, group))
            .Select(group => Finding(images, group, Sentence(images, group, "identical")));

    /// <summary>Finds images of one part that are copies of one picture but do not have the same pixels.</summary>
    public static IEnumerable<HealthFinding> Near(CheckedImages images) =>
        WithinParts(images).Where(group => !IsIdentical(images, group))
            .Select(group => Finding(images, group, Sentence(images, group, "nearly identical")));

    /// <summary>
    /// Returns the training images that are copies of validation images. If all training images of a class are such copies, they are not
    /// returned, so that training keeps the class.
    /// </summary>
    /// <param name="images">The images of the parts train and val.</param>
    public static IReadOnlySet<int> LeakedIntoTraining(CheckedImages images)
    {
        int[] leaked =
        [
            .. images.Copies.Where(group => group.Any(i => images.PartOf(i) == "val")).SelectMany(group => group)
                .Where(i => images.PartOf(i) == "train"),
        ];
        var training = Enumerable.Range(0, images.All.Count).Where(i => images.PartOf(i) == "train");
        var kept = training.Except(leaked).SelectMany(images.LabelsOf).ToHashSet();
        return leaked.Where(i => images.LabelsOf(i).All(kept.Contains)).ToHashSet();
    }

    private static IEnumerable<int[]> WithinParts(CheckedImages images) =>
        images.Copies.SelectMany(group => group.GroupBy(images.PartOf)).Where(part => part.Skip(1).Any()).Select(part => part.ToArray());

    private static bool IsIdentical(CheckedImages images, int[] group) =>
        group.All(i => images.Measures[i].Digest == images.Measures[group[0]].Digest);

    private static HealthFinding Finding(CheckedImages images, int[] group, string reason) =>
        new(reason, [.. group.Select(images.Describe)]);

    private static string Sentence(CheckedImages images, int[] group, string kind) =>
        string.Create(CultureInfo.InvariantCulture, $"{group.Length} images are {kind}{Also(images, group)}.");

    private static string Also(CheckedImages images, int[] group)
    {
        string[] labels = [.. group.Select(i => string.Join(", ", images.LabelsOf(i))).Distinct()];
        return labels.Length > 1 ? $", with different labels: {string.Join(" and ", labels)}" : "";
    }
}
