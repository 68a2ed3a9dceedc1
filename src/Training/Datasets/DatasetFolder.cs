using Fovea.Models;

namespace Fovea.Training;

/// <summary>
/// A data set's folder on disk. It holds either class sub-folders of images, optionally divided into train, val and test sub-folders, or
/// the four IDX files of MNIST (train and t10k). Each part is read on first use.
/// </summary>
internal sealed class DatasetFolder
{
    // The share of each class that validates if the folder has no validation images. 5 % tells epochs apart and leaves most images for
    // training.
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

    /// <summary>The folder's name without its path, for records and reports.</summary>
    public string Name { get; }

    /// <summary>The images of the train sub-folder or files; all images of a folder without parts.</summary>
    /// <exception cref="FoveaException">An IDX file is damaged, or more than 5 % of the image files are unreadable.</exception>
    public Dataset Train => train.Value;

    /// <summary>The images that choose the best epoch; null if the folder has no val sub-folder.</summary>
    /// <exception cref="FoveaException">More than 5 % of the image files are unreadable.</exception>
    public Dataset? Validation => validation?.Value;

    /// <summary>The images for a final evaluation; null if the folder has none.</summary>
    /// <exception cref="FoveaException">An IDX file is damaged, or more than 5 % of the image files are unreadable.</exception>
    public Dataset? Test => test?.Value;

    /// <summary>The images that the evaluate command reads: test, else val, else all.</summary>
    public Dataset ForEvaluation => Test ?? Validation ?? Train;

    /// <summary>
    /// Opens a folder for training. If the images are not handwriting, the preprocessing's automatic inversion and cropping to the ink is
    /// turned off, also for networks that usually read handwriting.
    /// </summary>
    /// <param name="folder">The data set's folder.</param>
    /// <param name="preprocessing">How the network's input is made.</param>
    /// <exception cref="FoveaException">The folder is missing, or holds neither class folders nor IDX files.</exception>
    public static DatasetFolder OpenForTraining(string folder, Preprocessing preprocessing)
    {
        var data = Open(folder, preprocessing);
        return preprocessing.Invert == Inversion.Never || data.isHandwriting()
            ? data
            : Open(folder, preprocessing with { Invert = Inversion.Never });
    }

    /// <summary>Opens a folder with a network's own preprocessing.</summary>
    /// <param name="folder">The data set's folder.</param>
    /// <param name="preprocessing">How the network's input is made.</param>
    /// <exception cref="FoveaException">The folder is missing, or holds neither class folders nor IDX files.</exception>
    public static DatasetFolder Open(string folder, Preprocessing preprocessing)
    {
        if (!Directory.Exists(folder))
        {
            throw new FoveaException(
                ErrorCode.BadDataset,
                $"The folder {folder} does not exist; expected a data set: class sub-folders of images, or the four IDX files of MNIST.");
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

        // Image folders count as handwriting if every class name is a single character.
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
                ErrorCode.BadDataset,
                $"{folder} has the classes {string.Join(", ", labels)} in train and {string.Join(", ", own)} in {part}; "
                + "expected the same classes.");
        }
    }

    /// <summary>
    /// Returns the training and validation images. If the folder has no validation images, 5 % of each class, chosen at random, validate
    /// instead of training.
    /// </summary>
    /// <param name="seed">The seed of the random choice.</param>
    /// <exception cref="FoveaException">An IDX file is damaged, or more than 5 % of the image files are unreadable.</exception>
    public (Dataset Train, Dataset Validation) ForTraining(long seed)
    {
        if (Validation is not null)
        {
            return (Train, Validation);
        }

        var order = new SeededRandom(seed).Permutation(Train.Count);
        var aside = order.GroupBy(i => Train.Targets[i]).SelectMany(c => c.Take(Share(c.Count()))).ToHashSet();
        return (Train.Subset([.. Enumerable.Range(0, Train.Count).Where(i => !aside.Contains(i))]), Train.Subset([.. aside.Order()]));

        // A class with a single image keeps it for training; every larger class gives at least one image.
        static int Share(int count) => count < 2 ? 0 : Math.Max(1, (int)(count * ValidationShare));
    }

    /// <summary>The unreadable files that were left out of the training and validation images.</summary>
    public IEnumerable<RefusedFile> RefusedInTraining => Train.Refused.Concat(Validation?.Refused ?? []);
}
