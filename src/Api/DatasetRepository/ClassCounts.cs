using Fovea.Models.Errors;

namespace Fovea.Api.DatasetRepository;

/// <summary>Counts the images of each class of a new data set.</summary>
internal static class ClassCounts
{
    /// <summary>Counts the images of each class in each part of the data set (train, val, test).</summary>
    /// <param name="labels">The classes, in their order.</param>
    /// <param name="used">
    /// Parts that must have an image of each class, as train and val must in any case. Null entries are ignored.
    /// </param>
    /// <param name="isMultiLabel">
    /// Whether an image can have several labels. A label then needs an image only in train.
    /// </param>
    /// <param name="images">The images.</param>
    /// <param name="refused">The files that were left out; an error message names the first of them.</param>
    /// <exception cref="FoveaException">
    /// <see cref="ErrorCode.BadDataset"/>: a part lacks images of a class; the message names both.
    /// </exception>
    public static DatasetClass[] Of(
        IEnumerable<string> labels, IEnumerable<string?> used, bool isMultiLabel, IEnumerable<DatasetImage> images,
        RefusedFile[] refused)
    {
        string[] parts = [.. used.Append(UploadedDataset.Train).Append(UploadedDataset.Validation).OfType<string>().Distinct()];
        var counts = images.SelectMany(image => image.Labels.Select(label => (label, image.Part))).CountBy(pair => pair).ToDictionary();
        return [.. labels.Select(Class)];

        DatasetClass Class(string label)
        {
            var count = parts.ToDictionary(part => part, part => counts.GetValueOrDefault((label, part)));
            return parts.FirstOrDefault(part => count[part] == 0) is not { } lacking || IsEnough(count)
                ? new(
                    label,
                    count.Values.Sum(),
                    count[UploadedDataset.Train],
                    count[UploadedDataset.Validation],
                    count.GetValueOrDefault(UploadedDataset.Test))
                : throw new FoveaException(
                    ErrorCode.BadDataset,
                    $"The class {label} has {count.Values.Sum()} usable images, none of them for {lacking}; "
                        + $"expected at least one image for each of {string.Join(", ", parts)}.{First(label)}");
        }

        // A label that occurs together with other labels may be rare, so it needs an image only in train.
        bool IsEnough(Dictionary<string, int> count) => isMultiLabel && count[UploadedDataset.Train] > 0;

        string First(string label)
        {
            var first = refused.FirstOrDefault(file => file.File.Split('/') is [.., var folder, _] && folder == label)
                ?? refused.FirstOrDefault();
            return first is null ? "" : $" The first file that was left out, {first.File}: {first.Reason}";
        }
    }
}
