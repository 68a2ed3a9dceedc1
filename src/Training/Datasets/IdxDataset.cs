using System.Globalization;
using System.Security.Cryptography;
using Fovea.Models.Annotations;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Imaging;

namespace Fovea.Training.Datasets;

/// <summary>
/// The images of a pair of IDX files, held in memory as bytes. The class names are the class numbers, "0" to at least "9".
/// </summary>
internal sealed class IdxDataset : Dataset
{
    // The number of images that decide whether a data set is handwriting.
    private const int Sample = 500;

    private const double HandwritingShare = 0.98;

    private readonly string path;
    private readonly IdxFile images;

    // The images cropped to their ink, if the preprocessing inverts automatically. Cropping is slow, so it runs once for each image, when
    // the image is first used. Two threads that use it at once compute the same result.
    private readonly Pixels?[]? framed;

    private IdxDataset(
        string path, IdxFile images, IReadOnlyList<int> targets, IReadOnlyList<string> labels, Preprocessing preprocessing)
    {
        (this.path, this.images, Targets, Labels, Preprocessing) = (path, images, targets, labels, preprocessing);
        framed = preprocessing.Invert == Inversion.Auto ? new Pixels?[Count] : null;
    }

    public override IReadOnlyList<string> Labels { get; }

    public override IReadOnlyList<int> Targets { get; }

    public override Preprocessing Preprocessing { get; }

    /// <summary>The number of images that have been cropped to their ink so far.</summary>
    public int Framed => framed?.Count(image => image is not null) ?? 0;

    /// <summary>The height and width of all images, in pixels.</summary>
    public (int Height, int Width) Size => (images.Dimensions[1], images.Dimensions[2]);

    /// <summary>
    /// Whether cropping to the ink leaves at least 98 % of the first 500 images unchanged. Cropping leaves images that are framed like
    /// MNIST's unchanged, and cuts off parts of other pictures.
    /// </summary>
    public bool IsHandwriting()
    {
        if (framed is null)
        {
            return false;
        }

        int sample = Math.Min(Count, Sample), changed = 0;
        for (int i = 0; i < sample && changed <= (1 - HandwritingShare) * sample; i++)
        {
            changed += Image(i).Values.AsSpan().SequenceEqual(Stored(i).Values) ? 0 : 1;
        }

        return changed <= (1 - HandwritingShare) * sample;
    }

    /// <summary>Returns the same images with another preprocessing. The files are not read again.</summary>
    public IdxDataset With(Preprocessing preprocessing) => new(path, images, Targets, Labels, preprocessing);

    /// <summary>Whether the folder holds the images or the labels of a pair of files.</summary>
    /// <param name="folder">The data set's folder.</param>
    /// <param name="prefix">The start of both file names: <c>train</c> or <c>t10k</c> in MNIST.</param>
    public static bool Exists(string folder, string prefix) =>
        IdxFile.Exists(folder, ImagesOf(prefix), out _) || IdxFile.Exists(folder, LabelsOf(prefix), out _);

    /// <summary>
    /// Returns the folder with the training files: the given folder, or a folder in it if each level down to the files has a single
    /// sub-folder. Null if there are no such files.
    /// </summary>
    public static string? FolderIn(string folder)
    {
        while (!Exists(folder, "train"))
        {
            string[] inner = [.. Directory.GetDirectories(folder).Where(path => !PassedOver.IsLeftover([Path.GetFileName(path)]))];
            if (inner is not [var only])
            {
                return null;
            }

            folder = only;
        }

        return folder;
    }

    /// <summary>Reads a pair of files.</summary>
    /// <param name="folder">The data set's folder.</param>
    /// <param name="prefix">The start of both file names.</param>
    /// <param name="preprocessing">Describes how an image becomes the network's input.</param>
    /// <exception cref="FoveaException">A file is missing or damaged, or the numbers of images and labels differ.</exception>
    public static IdxDataset Read(string folder, string prefix, Preprocessing preprocessing)
    {
        var images = Part(folder, ImagesOf(prefix), dimensions: 3);
        var labels = Part(folder, LabelsOf(prefix), dimensions: 1);
        if (images.Dimensions[0] != labels.Dimensions[0])
        {
            throw new FoveaException(
                ErrorCode.BadDataset,
                $"{folder} has {images.Dimensions[0]} images and {labels.Dimensions[0]} labels in its {prefix} files; "
                + "expected one label for each image.");
        }

        int[] targets = [.. labels.Values.Select(label => (int)label)];
        var names = Enumerable.Range(0, Math.Max(10, targets.Max() + 1)).Select(i => i.ToString(CultureInfo.InvariantCulture));
        return new(Path.Combine(folder, ImagesOf(prefix)), images, targets, [.. names], preprocessing);
    }

    public override Pixels Image(int index) =>
        framed is null ? Stored(index) : framed[index] ??= Preprocessor.Fit(Stored(index), Preprocessing);

    public override string Source(int index) =>
        string.Create(CultureInfo.InvariantCulture, $"image {index} of {Path.GetFileName(path)}");

    protected override byte[] Digest(int index) => SHA256.HashData(Stored(index).Values);

    private static string ImagesOf(string prefix) => $"{prefix}-images-idx3-ubyte";

    private static string LabelsOf(string prefix) => $"{prefix}-labels-idx1-ubyte";

    private static IdxFile Part(string folder, string name, int dimensions)
    {
        if (!IdxFile.Exists(folder, name, out var path))
        {
            throw new FoveaException(ErrorCode.BadDataset, $"{folder} lacks {name}; expected that file, plain or as {name}.gz.");
        }

        var file = IdxFile.Read(path);
        return file.Dimensions.Length == dimensions
            ? file
            : throw new FoveaException(ErrorCode.BadDataset, $"{path} has {file.Dimensions.Length} dimensions; expected {dimensions}.");
    }

    private Pixels Stored(int index)
    {
        int size = images.Dimensions[1] * images.Dimensions[2];
        return new(images.Dimensions[2], images.Dimensions[1], 1, images.Values.AsSpan(index * size, size).ToArray());
    }
}
