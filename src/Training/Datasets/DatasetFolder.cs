using Fovea.Models;

namespace Fovea.Training;

/// <summary>
/// A data set as it lies on disk: class sub-folders of images, or the four IDX files of MNIST (train and t10k); images may be divided into train,
/// val and test sub-folders. Each part is read when it is first asked for.
/// </summary>
internal sealed class DatasetFolder
{
    // Enough validation images to tell epochs apart, few enough to leave the rest to learn from.
    private const double ValidationShare = 0.05;

    private readonly Lazy<Dataset> train;
    private readonly Lazy<Dataset>? validation, test;

    private readonly Func<bool> isHandwriting;

    private DatasetFolder(string name, Func<Dataset> train, Func<Dataset>? validation, Func<Dataset>? test, Func<bool> isHandwriting)
    {
        (Name, this.isHandwriting) = (name, isHandwriting);
        this.train = new(train);
        this.validation = validation is null ? null : new(validation);
        this.test = test is null ? null : new(test);
    }

    /// <summary>The folder's own name, for records.</summary>
    public string Name { get; }

    /// <summary>What is trained on.</summary>
    /// <exception cref="FoveaException">Its files are damaged, or too many of them.</exception>
    public Dataset Train => train.Value;

    /// <summary>What the best epoch is chosen by; null where the folder sets nothing aside.</summary>
    /// <exception cref="FoveaException">Its files are damaged, or too many of them.</exception>
    public Dataset? Validation => validation?.Value;

    /// <summary>What is looked at last; null where there is none.</summary>
    /// <exception cref="FoveaException">Its files are damaged, or too many of them.</exception>
    public Dataset? Test => test?.Value;

    /// <summary>What an evaluation reads: test, else val, else all.</summary>
    public Dataset ForEvaluation => Test ?? Validation ?? Train;

    /// <summary>Opens a folder to train a network on; what is not handwriting is not searched for ink, whatever the network usually reads.</summary>
    /// <exception cref="FoveaException">The folder is missing or of neither form.</exception>
    public static DatasetFolder OpenForTraining(string folder, Preprocessing preprocessing)
    {
        var data = Open(folder, preprocessing);
        return preprocessing.Invert == Inversion.Never || data.isHandwriting() ? data : Open(folder, preprocessing with { Invert = Inversion.Never });
    }

    /// <summary>Opens a folder for a network.</summary>
    /// <exception cref="FoveaException">The folder is missing or of neither form.</exception>
    public static DatasetFolder Open(string folder, Preprocessing preprocessing)
    {
        if (!Directory.Exists(folder))
        {
            throw new FoveaException(ErrorCode.BadDataset, $"There is no folder {folder}; expected a data set: class sub-folders of images, or the four IDX files of MNIST.");
        }

        var name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
        if (IdxDataset.Exists(folder, "train"))
        {
            var idx = new Lazy<IdxDataset>(() => IdxDataset.Read(folder, "train", preprocessing));
            Func<Dataset>? test = IdxDataset.Exists(folder, "t10k") ? () => IdxDataset.Read(folder, "t10k", preprocessing) : null;
            return new(name, () => idx.Value, null, test, () => idx.Value.IsHandwriting);
        }

        var parts = ImageFolder.Folders(folder);
        if (!parts.Contains("train") || !parts.All(part => part is "train" or "val" or "test"))
        {
            return new(name, () => ImageFolder.Read(folder, preprocessing), null, null, () => Letters(ImageFolder.Classes(folder)));
        }

        var labels = ImageFolder.Classes(Path.Combine(folder, "train"));
        return new(name, Part("train")!, Part("val"), Part("test"), () => Letters(labels));

        // Classes that are letters or digits are taken for handwriting.
        static bool Letters(IReadOnlyList<string> labels) => labels.All(label => label.Length == 1);

        Func<Dataset>? Part(string part)
        {
            if (!parts.Contains(part))
            {
                return null;
            }

            var path = Path.Combine(folder, part);
            var own = ImageFolder.Classes(path);
            return own.SequenceEqual(labels) ? () => ImageFolder.Read(path, preprocessing) : throw new FoveaException(
                ErrorCode.BadDataset, $"{folder} has the classes {string.Join(", ", labels)} in train and {string.Join(", ", own)} in {part}; expected the same.");
        }
    }

    /// <summary>Training and validation images; where the folder sets none aside, a share of each class is, chosen by the seed.</summary>
    public (Dataset Train, Dataset Validation) ForTraining(long seed)
    {
        if (Validation is not null)
        {
            return (Train, Validation);
        }

        var order = new SeededRandom(seed).Permutation(Train.Count);
        var aside = order.GroupBy(i => Train.Targets[i]).SelectMany(c => c.Take(Share(c.Count()))).ToHashSet();
        return (Train.Subset([.. Enumerable.Range(0, Train.Count).Where(i => !aside.Contains(i))]), Train.Subset([.. aside.Order()]));

        // A class of a single image keeps it for training.
        static int Share(int count) => count < 2 ? 0 : Math.Max(1, (int)(count * ValidationShare));
    }

    /// <summary>Files left out of the parts that training reads.</summary>
    public IEnumerable<RefusedFile> RefusedInTraining => Train.Refused.Concat(Validation?.Refused ?? []);
}
