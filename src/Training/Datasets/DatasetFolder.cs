using Fovea.Models;

namespace Fovea.Training;

/// <summary>
/// A data set as it lies on disk: class sub-folders of images, or the four IDX files of MNIST (train and t10k); images may be divided into train,
/// val and test sub-folders.
/// </summary>
/// <param name="Train">What is trained on.</param>
/// <param name="Validation">What the best epoch is chosen by; null where the folder sets nothing aside.</param>
/// <param name="Test">What is looked at last; null where there is none.</param>
internal sealed record DatasetFolder(Dataset Train, Dataset? Validation, Dataset? Test)
{
    // Enough validation images to tell epochs apart, few enough to leave the rest to learn from.
    private const double ValidationShare = 0.05;

    /// <summary>Opens a folder to train a network on; what is not handwriting is not searched for ink, whatever the network usually reads.</summary>
    /// <exception cref="FoveaException">The folder is missing or of neither form.</exception>
    public static DatasetFolder OpenForTraining(string folder, Preprocessing preprocessing)
    {
        var data = Open(folder, preprocessing);
        return preprocessing.Invert == Inversion.Never || data.Train.IsHandwriting ? data : Open(folder, preprocessing with { Invert = Inversion.Never });
    }

    /// <summary>Opens a folder for a network.</summary>
    /// <exception cref="FoveaException">The folder is missing or of neither form.</exception>
    public static DatasetFolder Open(string folder, Preprocessing preprocessing)
    {
        if (!Directory.Exists(folder))
        {
            throw new FoveaException(ErrorCode.BadDataset, $"There is no folder {folder}; expected a data set: class sub-folders of images, or the four IDX files of MNIST.");
        }

        if (IdxDataset.Exists(folder, "train"))
        {
            return new(IdxDataset.Read(folder, "train", preprocessing), null, IdxDataset.Exists(folder, "t10k") ? IdxDataset.Read(folder, "t10k", preprocessing) : null);
        }

        var names = ImageFolder.ClassFolders(folder).Select(path => Path.GetFileName(path)).ToHashSet();
        if (!names.Contains("train") || !names.All(name => name is "train" or "val" or "test"))
        {
            return new(new ImageFolder(folder, preprocessing), null, null);
        }

        var train = new ImageFolder(Path.Combine(folder, "train"), preprocessing);
        return new(train, Other("val"), Other("test"));

        ImageFolder? Other(string name)
        {
            if (!names.Contains(name))
            {
                return null;
            }

            var part = new ImageFolder(Path.Combine(folder, name), preprocessing);
            return part.Labels.SequenceEqual(train.Labels) ? part : throw new FoveaException(
                ErrorCode.BadDataset, $"{folder} has the classes {string.Join(", ", train.Labels)} in train and {string.Join(", ", part.Labels)} in {name}; expected the same.");
        }
    }

    /// <summary>What an evaluation reads: test, else val, else all.</summary>
    public Dataset ForEvaluation => Test ?? Validation ?? Train;

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
}
