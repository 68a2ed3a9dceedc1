using Fovea.Models.Errors;

namespace Fovea.Api.DatasetRepository;

/// <summary>
/// Decides in which part (train, val or test) and under which path each image of a corrected data set lies. The decision depends only on
/// hashes, labels and parts.
/// <list type="bullet">
/// <item>An image of the old data set keeps its part: a training image stays a training image, a validation image a validation
/// image.</item>
/// <item>An image that an earlier correction removed returns to the part that it had.</item>
/// <item>A new image gets the part that the archive gives it. If the archive gives none, a fifth of each class is used for
/// validation.</item>
/// </list>
/// </summary>
internal sealed class CorrectionPlan
{
    private readonly List<PlacedImage> images = [];
    private readonly List<RefusedFile> refused = [];
    private readonly HashSet<string> paths = new(StringComparer.OrdinalIgnoreCase);

    private CorrectionPlan()
    {
    }

    /// <summary>The images of the new data set, in the order of their paths.</summary>
    public IReadOnlyList<PlacedImage> Images =>
        [.. images.OrderBy(placed => placed.Image.Path, StringComparer.Ordinal)];

    /// <summary>The former part of each image that this or an earlier correction removed, by the image's hash.</summary>
    public Dictionary<string, string> TakenOut { get; } = [];

    /// <summary>The files of the archive that change nothing, each with the reason.</summary>
    public IReadOnlyList<RefusedFile> Refused => refused;

    /// <summary>The number of images with another class or other labels than before.</summary>
    public int Moved { get; private set; }

    /// <summary>The number of images that the corrections remove.</summary>
    public int Removed { get; private set; }

    /// <summary>The number of images that the corrections add.</summary>
    public int Added { get; private set; }

    /// <summary>Makes the plan.</summary>
    /// <param name="old">The data set to correct, and its images in the order of their paths.</param>
    /// <param name="takenOut">The former part of each image that earlier corrections removed, by the image's hash.</param>
    /// <param name="corrections">The corrections, in the order of their paths.</param>
    /// <param name="isListed">True: a list gives the labels of the data set. False: the class folders do.</param>
    /// <exception cref="FoveaException"><see cref="ErrorCode.BadDataset"/>: two corrections contradict each other.</exception>
    public static CorrectionPlan Of(
        (UploadedDataset Dataset, IReadOnlyList<DatasetImage> Images) old,
        IReadOnlyDictionary<string, string> takenOut,
        IReadOnlyList<ReadCorrection> corrections,
        bool isListed)
    {
        var plan = new CorrectionPlan();
        foreach (var (hash, part) in takenOut)
        {
            plan.TakenOut.Add(hash, part);
        }

        var byHash = plan.Distinct(corrections);
        plan.Keep(old.Images, byHash, isListed);
        var known = old.Images.Select(image => image.Sha256).ToHashSet();
        var unknown = corrections.Where(correction => byHash[correction.Sha256] == correction && !known.Contains(correction.Sha256));
        plan.Add([.. unknown], old.Dataset, isListed);
        return plan;
    }

    // Returns the first correction of each image. Further corrections of the same image must repeat the first one.
    private Dictionary<string, ReadCorrection> Distinct(IReadOnlyList<ReadCorrection> corrections)
    {
        var first = new Dictionary<string, ReadCorrection>();
        foreach (var correction in corrections)
        {
            if (first.TryAdd(correction.Sha256, correction))
            {
                continue;
            }

            var other = first[correction.Sha256];
            if (!IsSame(correction.Labels, other.Labels))
            {
                throw new FoveaException(
                    ErrorCode.BadDataset,
                    $"{other.Archived} and {correction.Archived} are the same image with different corrections; expected each image in "
                        + $"only one class folder, or in {CorrectionLayout.RemovedFolder}.");
            }

            refused.Add(new(correction.Archived, $"The file is the same image as {other.Archived}."));
        }

        return first;
    }

    private void Keep(IReadOnlyList<DatasetImage> old, Dictionary<string, ReadCorrection> byHash, bool isListed)
    {
        var moved = new List<DatasetImage>();
        foreach (var image in old)
        {
            if (!byHash.TryGetValue(image.Sha256, out var correction) || IsSame(correction.Labels, image.Labels))
            {
                Place(image, image.Path);
            }
            else if (correction.Labels is null)
            {
                TakenOut[image.Sha256] = image.Part;
                Removed++;
            }
            else
            {
                moved.Add(image);
            }
        }

        // Images that move are placed last, so that an image that stays keeps its file name.
        foreach (var image in moved)
        {
            var labels = byHash[image.Sha256].Labels!;
            Place(image with { Folder = isListed ? image.Folder : labels[0], Labels = labels }, image.Path);
            Moved++;
        }
    }

    private void Add(ReadCorrection[] unknown, UploadedDataset old, bool isListed)
    {
        refused.AddRange(unknown.Where(correction => correction.Labels is null).Select(correction => new RefusedFile(
            correction.Archived,
            $"The file is not an image of {old.Id}, so it cannot be removed; expected a file with the same bytes as the image.")));
        DatasetImage[] fresh =
        [
            .. unknown.Where(correction => correction.Labels is not null).Select(correction => new DatasetImage(
                TakenOut.GetValueOrDefault(correction.Sha256) ?? correction.Part ?? "",
                isListed ? DatasetLayout.ListedFolder : correction.Labels![0],
                isListed ? correction.Archived.Replace('/', '_') : correction.Archived.Split('/')[^1],
                correction.Sha256,
                correction.Archived,
                correction.Labels!)),
        ];
        var validating = images.Where(placed => placed.Image.Part == UploadedDataset.Validation)
            .CountBy(placed => Group(placed.Image)).ToDictionary();
        var aside = fresh.Where(image => image.Part.Length == 0).GroupBy(Group)
            .SelectMany(same => ValidationShare.Of(same, validating.GetValueOrDefault(same.Key))).ToHashSet();
        foreach (var image in fresh)
        {
            var part = image.Part.Length > 0 ? image.Part : aside.Contains(image) ? UploadedDataset.Validation : UploadedDataset.Train;
            Place(image with { Part = part }, null);
            TakenOut.Remove(image.Sha256);
            Added++;
        }

        // Images with one class are divided class by class. Combinations of several labels are often unique, so multi-label images are
        // divided together.
        string Group(DatasetImage image) => old.IsMultiLabel ? "" : image.Labels[0];
    }

    // Adds an image to the plan. If another image has the same path, the image gets a name with a part of its hash.
    private void Place(DatasetImage image, string? source)
    {
        var stem = Path.GetFileNameWithoutExtension(image.File);
        var named = image;
        for (int n = 1; !paths.Add(named.Path); n++)
        {
            var number = n == 1 ? "" : $"-{n}";
            named = image with { File = $"{stem}-{image.Sha256[..8]}{number}{Path.GetExtension(image.File)}" };
        }

        images.Add(new(named, source));
    }

    private static bool IsSame(IReadOnlyList<string>? one, IReadOnlyList<string>? other) =>
        one is null || other is null ? one == other : one.ToHashSet().SetEquals(other);
}

/// <summary>A correction whose image file was read.</summary>
/// <param name="Archived">The path of the file in the archive.</param>
/// <param name="Part">The part that the archive gives the image; null: none.</param>
/// <param name="Labels">The new labels of the image; null: the image is to be removed.</param>
/// <param name="Sha256">The SHA-256 of the file's bytes, in hexadecimal.</param>
internal sealed record ReadCorrection(string Archived, string? Part, IReadOnlyList<string>? Labels, string Sha256);

/// <summary>An image of a corrected data set.</summary>
/// <param name="Image">The image, with its path in the new data set.</param>
/// <param name="Source">The image's path in the old data set; null: the image is new.</param>
internal sealed record PlacedImage(DatasetImage Image, string? Source);
