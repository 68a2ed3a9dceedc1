using System.Globalization;

namespace Fovea.Training.DataQuality;

/// <summary>A check of a data set. <see cref="All"/> is the list of all checks.</summary>
/// <param name="Name">The check's name in JSON.</param>
/// <param name="Title">The check's name for people.</param>
/// <param name="Meaning">What a finding means, and what to do.</param>
/// <param name="Find">Returns the findings, the worst first.</param>
internal sealed record HealthCheck(string Name, string Title, string Meaning, Func<CheckedImages, IEnumerable<HealthFinding>> Find)
{
    private const string Unreadable = "unreadable";

    // A class is a finding if the largest class has more than this many times as many images, since a classifier neglects such small
    // classes.
    private const double LargestImbalance = 3;

    /// <summary>Returns a sentence that says which images the check leaves out; null if the check looks at all images.</summary>
    public Func<CheckedImages, string?> NotChecked { get; init; } = _ => null;

    /// <summary>All checks, the gravest first.</summary>
    public static IReadOnlyList<HealthCheck> All { get; } =
    [
        new(
            Unreadable, "Unreadable files",
            "These files are not readable images and are left out. Replace them or delete them.",
            images => images.All.Refused.DistinctBy(file => file.File)
                .Select(file => new HealthFinding(file.Reason, [new(images.PathOf(file.File)!, [], null)]))),
        new(
            "leaks", "Leaks between parts",
            "The same picture is in more than one part, so the figures of validation or test are too good. Training leaves out its copies "
            + "of validation images.",
            CopyChecks.Leaks)
        {
            NotChecked = images =>
                images.All.Count > 0 && images.PartOf(0) is null ? "The data set has no parts, such as train and val." : null,
        },
        new(
            "duplicates", "Identical images",
            "The files have the same pixels. Each copy gives its picture more weight. Keep one of them.", CopyChecks.Identical),
        new(
            "near-duplicates", "Nearly identical images",
            "The files are copies of one picture that were scaled, compressed, cropped or mirrored, or shots of the same moment. Keep one "
            + "of them. Cropped and mirrored copies are searched for within a class, in sets of at most 10,000 images. Images under 64 "
            + "pixels are compared for identical pixels only.",
            CopyChecks.Near),
        new(
            "labels", "Suspected labels",
            "Judged by a classifier that was not trained on the image, another label is more plausible (confident learning, Northcutt et "
            + "al., 2021). The first ones are the most suspicious. Not all are wrong: look at each.",
            LabelChecks.Doubts)
        {
            NotChecked = LabelChecks.WhyNot,
        },
        new(
            "blurry", "Blurry images",
            "The sharpest places of these images have much less fine detail than those of the others.", PictureChecks.Blurry),
        new(
            "dark", "Dark images", "Nearly all of the image is dark, unlike the other images.", PictureChecks.Dark),
        new(
            "tiny", "Tiny images", "The image has few pixels, unlike the other images, so it shows little detail.", PictureChecks.Tiny),
        new(
            "odd-sized", "Odd-sized images",
            "The image is much wider or taller than the others, so that the network sees a small part of it or a distorted one.",
            PictureChecks.OddSized),
        new(
            "imbalance", "Class imbalance",
            "A classifier prefers classes with many images. Collect more of the small classes, or train with --class-weights balanced.",
            Imbalance),
    ];

    /// <summary>Runs all checks on a data set.</summary>
    public static DatasetHealth Of(CheckedImages images) => new(
        images.Name, images.All.Count, images.All.LabelSets is not null, images.Sizes, [.. All.Select(check => check.Result(images))]);

    // Runs this check. If there are no readable images, only the check for unreadable files runs.
    private CheckResult Result(CheckedImages images)
    {
        bool isEmpty = images.All.Count == 0 && Name != Unreadable;
        HealthFinding[] findings = isEmpty ? [] : [.. Find(images)];
        return new(Name, Title, Meaning, findings.Length, findings)
        {
            NotChecked = isEmpty ? "There are no readable images." : NotChecked(images),
        };
    }

    private static IEnumerable<HealthFinding> Imbalance(CheckedImages images)
    {
        var largest = images.Sizes.MaxBy(size => size.Count)!;
        return images.Sizes.Where(size => size.Count * LargestImbalance < largest.Count).OrderBy(size => size.Count)
            .Select(size => new HealthFinding(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{size.Label} has {size.Count} images, and {largest.Label}, the largest class, has {largest.Count}."),
                []));
    }
}
