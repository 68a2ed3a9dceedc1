using System.Globalization;
using System.Security.Cryptography;
using Fovea.Models;

namespace Fovea.Training;

/// <summary>
/// The images of a pair of IDX files, held in memory as bytes. The class names are the class numbers, "0" to at least "9".
/// </summary>
internal sealed class IdxDataset : Dataset
{
    private readonly string path;
    private readonly IdxFile images;

    // The images cropped to their ink, if the preprocessing inverts automatically. Cropping is slow, so it runs once.
    private readonly Pixels[]? framed;

    private IdxDataset(string path, IdxFile images, IdxFile labels, Preprocessing preprocessing)
    {
        (this.path, this.images, Preprocessing) = (path, images, preprocessing);
        Targets = [.. labels.Values.Select(label => (int)label)];
        Labels = [.. Enumerable.Range(0, Math.Max(10, Targets.Max() + 1)).Select(i => i.ToString(CultureInfo.InvariantCulture))];
        if (preprocessing.Invert == Inversion.Auto)
        {
            framed = new Pixels[Count];
            Parallel.For(0, Count, i => framed[i] = Preprocessor.Fit(Stored(i), preprocessing));
        }
    }

    public override IReadOnlyList<string> Labels { get; }

    public override IReadOnlyList<int> Targets { get; }

    public override Preprocessing Preprocessing { get; }

    /// <summary>
    /// Whether cropping to the ink leaves at least 98 % of the first 500 images unchanged. It does for images framed like MNIST's; it would
    /// cut off parts of other pictures.
    /// </summary>
    public bool IsHandwriting => framed is not null
        && Enumerable.Range(0, Math.Min(Count, 500)).Count(i => framed[i].Values.AsSpan().SequenceEqual(Stored(i).Values))
        >= 0.98 * Math.Min(Count, 500);

    /// <summary>Whether the folder holds the images or the labels of a pair of files.</summary>
    /// <param name="folder">The data set's folder.</param>
    /// <param name="prefix">The start of both file names: <c>train</c> or <c>t10k</c> in MNIST.</param>
    public static bool Exists(string folder, string prefix) =>
        IdxFile.Exists(folder, ImagesOf(prefix), out _) || IdxFile.Exists(folder, LabelsOf(prefix), out _);

    /// <summary>Reads a pair of files.</summary>
    /// <param name="folder">The data set's folder.</param>
    /// <param name="prefix">The start of both file names.</param>
    /// <param name="preprocessing">How the network's input is made.</param>
    /// <exception cref="FoveaException">A file is missing or damaged, or the numbers of images and labels differ.</exception>
    public static IdxDataset Read(string folder, string prefix, Preprocessing preprocessing)
    {
        var images = Part(folder, ImagesOf(prefix), dimensions: 3);
        var labels = Part(folder, LabelsOf(prefix), dimensions: 1);
        return images.Dimensions[0] == labels.Dimensions[0]
            ? new IdxDataset(Path.Combine(folder, ImagesOf(prefix)), images, labels, preprocessing)
            : throw new FoveaException(
                ErrorCode.BadDataset,
                $"{folder} has {images.Dimensions[0]} images and {labels.Dimensions[0]} labels in its {prefix} files; "
                + "expected one label for each image.");
    }

    public override Pixels Image(int index) => framed?[index] ?? Stored(index);

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
