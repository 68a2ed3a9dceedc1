using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using Fovea.Api.Serving;
using Fovea.Api.Storage;
using Fovea.Models.Annotations;
using Fovea.Models.Errors;
using Fovea.Models.Files;
using Fovea.Models.Imaging;

namespace Fovea.Api.DatasetRepository;

/// <summary>
/// Makes a new data set from an old one and an archive of corrections. An image of the archive and an image of the data set are the same if
/// their bytes are equal. The old data set stays unchanged. If the file system has hard links, both data sets share the files of their
/// common images.
/// </summary>
internal sealed class DatasetCorrections(StagingFolder staging, DecodingBudget budget, ImageLimits limits)
{
    // The file with the hash and the former part of each image that corrections removed. The training program ignores this file.
    private const string TakenOutFile = "removed.json";

    private const string Incoming = ".incoming";

    /// <summary>Applies corrections, and writes the files of the new data set into the staging folder.</summary>
    /// <param name="old">The data set to correct.</param>
    /// <param name="archive">The corrections.</param>
    /// <param name="time">The clock.</param>
    /// <param name="stop">Cancels the call.</param>
    /// <exception cref="FoveaException">
    /// <see cref="ErrorCode.BadDataset"/>: the archive has no correction, or its corrections contradict each other, label images in another
    /// way than the data set, or leave a class without images in a part. <see cref="ErrorCode.CannotWrite"/>.
    /// </exception>
    public async Task<UploadedDataset> Apply(UploadedDataset old, DatasetArchive archive, TimeProvider time, CancellationToken stop)
    {
        var layout = new CorrectionLayout(archive);
        layout.RequireSameKindAs(old);
        var images = await StoredImages.Read(old, UploadedDataset.Parts, stop);
        var (corrections, unusable) = await Read(archive, layout, images.Select(image => image.Sha256).ToHashSet(), stop);
        if (corrections is [])
        {
            var first = unusable is [var file, ..] ? $" The first file that was left out, {file.File}: {file.Reason}" : "";
            throw Bad($"The archive corrects nothing; expected images in class folders or in {CorrectionLayout.RemovedFolder}.{first}");
        }

        bool isListed = StoredImages.IsListed(old);
        var plan = CorrectionPlan.Of((old, images), ReadTakenOut(old), corrections, isListed);
        RefusedFile[] refused = [.. unusable.Concat(plan.Refused).OrderBy(file => file.File, StringComparer.Ordinal)];
        DatasetImage[] placed = [.. plan.Images.Select(image => image.Image)];
        bool isMultiLabel = isListed && placed.Any(image => image.Labels.Count != 1);
        var classes = Count(old, placed, isMultiLabel);
        staging.Write(() => Write(old, plan, isListed));
        return new UploadedDataset(
            DatasetStore.NewId(),
            ListedImages.Hash(isListed, DatasetImages.Hash(placed), placed),
            time.GetUtcNow().ToUnixTimeSeconds(),
            classes,
            refused)
        {
            IsMultiLabel = isMultiLabel,
            From = old.Id,
            Moved = plan.Moved,
            Removed = plan.Removed,
            Added = plan.Added,
        };
    }

    private static DatasetClass[] Count(UploadedDataset old, DatasetImage[] images, bool isMultiLabel)
    {
        var labels = images.SelectMany(image => image.Labels).ToHashSet();
        if (old.Classes.FirstOrDefault(c => !labels.Contains(c.Label)) is { } emptied)
        {
            throw Bad(
                $"The corrections leave the class {emptied.Label} without images; expected at least one image of each class of {old.Id}.");
        }

        return ClassCounts.Of(ClassNames.Sorted(labels), images.Select(image => image.Part), isMultiLabel, images, []);
    }

    private async Task<(IReadOnlyList<ReadCorrection> Read, IReadOnlyList<RefusedFile> Unusable)> Read(
        DatasetArchive archive, CorrectionLayout layout, HashSet<string> known, CancellationToken stop)
    {
        var decoder = new DatasetImages(staging, budget, limits);
        var (read, unusable) = (new ConcurrentBag<ReadCorrection>(), new ConcurrentBag<RefusedFile>(layout.Unusable));
        var written = new ConcurrentDictionary<string, bool>();
        var incoming = Path.Combine(staging.Path, Incoming);
        staging.Write(() => FixedFolders.MakeFolder(incoming));
        var options = new ParallelOptions { MaxDegreeOfParallelism = DatasetImages.AtOnce, CancellationToken = stop };
        await Parallel.ForEachAsync(layout.Corrections, options, async (correction, stopped) =>
        {
            try
            {
                var bytes = archive.Read(correction.Archived);
                var hash = Convert.ToHexStringLower(SHA256.HashData(bytes));
                if (correction.Labels is not null && !known.Contains(hash))
                {
                    await decoder.Decode(bytes, stopped);
                    if (written.TryAdd(hash, true))
                    {
                        staging.Write(() => File.WriteAllBytes(Path.Combine(incoming, hash), bytes));
                    }
                }

                read.Add(new(correction.Archived.Path, correction.Part, correction.Labels, hash));
            }
            catch (RefusalException e) when (!StagingFolder.IsOfDisk(e))
            {
                unusable.Add(new(correction.Archived.Path, e.Message));
            }
        });
        return (
            [.. read.OrderBy(correction => correction.Archived, StringComparer.Ordinal)],
            [.. unusable.OrderBy(file => file.File, StringComparer.Ordinal)]);
    }

    private void Write(UploadedDataset old, CorrectionPlan plan, bool isListed)
    {
        foreach (var (image, source) in plan.Images)
        {
            var path = Path.Combine(staging.Path, image.Path);
            FixedFolders.MakeFolder(Path.GetDirectoryName(path)!);
            if (source is null)
            {
                File.Move(Path.Combine(staging.Path, Incoming, image.Sha256), path);
            }
            else
            {
                HardLink.CreateOrCopy(Path.Combine(old.Folder, source), path);
            }
        }

        Directory.Delete(Path.Combine(staging.Path, Incoming), recursive: true);
        if (isListed)
        {
            ListedImages.Write(staging.Path, [.. plan.Images.Select(image => image.Image)]);
        }

        if (plan.TakenOut.Count > 0)
        {
            File.WriteAllBytes(
                Path.Combine(staging.Path, TakenOutFile),
                JsonSerializer.SerializeToUtf8Bytes(plan.TakenOut, DatasetJson.Default.DictionaryStringString));
        }
    }

    private static Dictionary<string, string> ReadTakenOut(UploadedDataset old)
    {
        var file = Path.Combine(old.Folder, TakenOutFile);
        return File.Exists(file)
            ? JsonSerializer.Deserialize(File.ReadAllBytes(file), DatasetJson.Default.DictionaryStringString)!
            : [];
    }

    private static FoveaException Bad(string message) => new(ErrorCode.BadDataset, message);
}
