using Fovea.Models.Annotations;
using Fovea.Models.Errors;
using Fovea.Models.Files;
using Fovea.Models.Graphs;
using Fovea.Models.Imaging;
using Fovea.Models.Layers;

namespace Fovea.Training.Datasets;

/// <summary>
/// A data set's folder on disk. It holds either images of classes, as <see cref="DataLayout"/> finds them, or the four IDX files of MNIST
/// (train and t10k). Each part is read on first use.
/// </summary>
internal sealed class DatasetFolder
{
    // The share of each class's images that is used for validation if the folder has no validation images. 5 % is enough to tell which
    // epoch is better, and leaves most images for training.
    private const double ValidationShare = 0.05;

    private readonly FolderParts parts;
    private readonly Preprocessing preprocessing;
    private readonly Lazy<ImageSample> sample;
    private Lazy<Dataset> train;
    private Lazy<Dataset>? validation, test;

    // The training images that ForTraining leaves out, as indices into the training images that Split returns.
    private IReadOnlySet<int> leftOut = new HashSet<int>();

    private DatasetFolder(string folder, string name, FolderParts parts, Preprocessing preprocessing)
    {
        (Folder, Name, this.parts, this.preprocessing) = (folder, name, parts, preprocessing);
        sample = new(() => parts.Sample(preprocessing));
        train = new(() => parts.Train(preprocessing));
        validation = parts.Validation is { } val ? new(() => val(preprocessing)) : null;
        test = parts.Test is { } kept ? new(() => kept(preprocessing)) : null;
    }

    /// <summary>The folder's path, as it was given.</summary>
    public string Folder { get; }

    /// <summary>The folder's name without its path, for records and reports.</summary>
    public string Name { get; }

    /// <summary>The images of the train sub-folder or files; all images of a folder without parts.</summary>
    /// <exception cref="FoveaException">An IDX file is damaged, or more than 5 % of the image files are unreadable.</exception>
    public Dataset Train => train.Value;

    /// <summary>The validation images, by which the best epoch is chosen; null if the folder has no val sub-folder.</summary>
    /// <exception cref="FoveaException">More than 5 % of the image files are unreadable.</exception>
    public Dataset? Validation => validation?.Value;

    /// <summary>The images for a final evaluation; null if the folder has none.</summary>
    /// <exception cref="FoveaException">An IDX file is damaged, or more than 5 % of the image files are unreadable.</exception>
    public Dataset? Test => test?.Value;

    /// <summary>
    /// The images that the evaluate command reads: the test images if there are any, else the validation images if there are any, else all
    /// images.
    /// </summary>
    public Dataset ForEvaluation => Test ?? Validation ?? Train;

    /// <summary>
    /// Opens a folder for training. If the images are not handwriting, the preprocessing's automatic inversion and cropping to the ink is
    /// turned off, also for networks that usually read handwriting.
    /// </summary>
    /// <param name="folder">The data set's folder.</param>
    /// <param name="preprocessing">Describes how an image becomes the network's input.</param>
    /// <exception cref="FoveaException">
    /// The folder is missing, holds neither two classes of images nor IDX files, or has different classes in its parts.
    /// </exception>
    public static DatasetFolder OpenForTraining(string folder, Preprocessing preprocessing)
    {
        var data = Open(folder, preprocessing);
        data.parts.Layout?.CheckForTraining();
        return preprocessing.Invert == Inversion.Never || data.parts.IsHandwriting(preprocessing)
            ? data
            : data.With(preprocessing with { Invert = Inversion.Never });
    }

    /// <summary>The size of a sample of training images, and whether the sample is gray. Only the sample is decoded.</summary>
    /// <exception cref="FoveaException">An IDX file is damaged.</exception>
    public ImageSample Sample => sample.Value;

    /// <summary>
    /// Returns the folder with a preprocessing that neither resizes nor crops the images, if they have the size of the network's input
    /// already. Use this for untrained networks only, since trained weights depend on how images are resized and cropped.
    /// </summary>
    public DatasetFolder WithoutReframing()
    {
        var (height, width) = (preprocessing.Crop[0], preprocessing.Crop[1]);
        return preprocessing is { Resize: null, ResizeTo: null } || !Sample.HasSize(height, width)
            ? this
            : With(preprocessing with { Resize = height == width ? height : null, ResizeTo = null });
    }

    /// <summary>Returns the folder without some training images.</summary>
    /// <param name="images">
    /// The indices of the images among the training images that <see cref="ForTraining"/> returns for the seed of the run.
    /// </param>
    public DatasetFolder WithoutTraining(IReadOnlySet<int> images) => images.Count == 0 ? this
        : new(Folder, Name, parts, preprocessing)
        {
            train = train,
            validation = validation,
            test = test,
            leftOut = images,
        };

    private DatasetFolder With(Preprocessing other) => new(Folder, Name, parts, other);

    /// <summary>Opens a folder with a network's own preprocessing.</summary>
    /// <param name="folder">The data set's folder.</param>
    /// <param name="preprocessing">Describes how an image becomes the network's input.</param>
    /// <exception cref="FoveaException">
    /// The folder is missing, names of its classes or parts clash, or its list of labels cannot be read.
    /// </exception>
    public static DatasetFolder Open(string folder, Preprocessing preprocessing) => Open(folder, preprocessing, isTolerant: false);

    /// <summary>Opens a folder to check its images, of which any share may be unreadable.</summary>
    /// <inheritdoc cref="Open(string, Preprocessing)"/>
    public static DatasetFolder OpenForCheck(string folder, Preprocessing preprocessing) => Open(folder, preprocessing, isTolerant: true);

    /// <summary>The parts that the folder has, each with its images; one part without a name if the folder is not divided.</summary>
    /// <exception cref="FoveaException">An IDX file is damaged, or more than 5 % of the image files are unreadable.</exception>
    public IReadOnlyList<(DataPart? Part, Dataset Images)> Parts =>
    [
        (Validation is null && Test is null ? null : DataPart.Train, Train),
        .. Validation is null ? Array.Empty<(DataPart?, Dataset)>() : [(DataPart.Validation, Validation)],
        .. Test is null ? Array.Empty<(DataPart?, Dataset)>() : [(DataPart.Test, Test)],
    ];

    private static DatasetFolder Open(string folder, Preprocessing preprocessing, bool isTolerant)
    {
        if (!Directory.Exists(folder))
        {
            FixedFolders.RequireAbove(folder);
            throw new FoveaException(
                ErrorCode.BadDataset,
                $"The folder {folder} does not exist; expected a data set: class sub-folders of images, or the four IDX files of MNIST.");
        }

        var name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
        return new(
            folder,
            name,
            IdxDataset.FolderIn(folder) is { } place ? FolderParts.OfIdx(place) : FolderParts.OfImages(folder, isTolerant),
            preprocessing);
    }

    /// <summary>
    /// Returns the training and validation images. If the folder has no validation images, 5 % of each class, chosen at random, are used
    /// for validation instead of training.
    /// </summary>
    /// <param name="seed">The seed of the random choice.</param>
    /// <exception cref="FoveaException">An IDX file is damaged, or more than 5 % of the image files are unreadable.</exception>
    public (Dataset Train, Dataset Validation) ForTraining(long seed)
    {
        var (all, aside) = Split(seed);
        return leftOut.Count == 0 ? (all, aside)
            : (all.Subset([.. Enumerable.Range(0, all.Count).Where(i => !leftOut.Contains(i))]), aside);
    }

    private (Dataset Train, Dataset Validation) Split(long seed)
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
    public IEnumerable<SkippedFile> RefusedInTraining => Train.Refused.Concat(Validation?.Refused ?? []);
}
