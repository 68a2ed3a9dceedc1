using System.Globalization;
using System.Security.Cryptography;
using Fovea.Models;

namespace Fovea.Training;

/// <summary>The images of a pair of IDX files, fitted to the network once and kept as bytes. Classes are called by their numbers.</summary>
internal sealed class IdxDataset : Dataset
{
    private readonly IdxFile images;
    private readonly byte[][] fitted;
    private IdxDataset(IdxFile images, IdxFile labels, Preprocessing preprocessing)
    {
        (this.images, Preprocessing) = (images, preprocessing);
        Targets = [.. labels.Values.Select(label => (int)label)];
        Labels = [.. Enumerable.Range(0, Math.Max(10, Targets.Max() + 1)).Select(i => i.ToString(CultureInfo.InvariantCulture))];
        fitted = new byte[Count][];
        Parallel.For(0, Count, i => fitted[i] = Preprocessor.Fit(Image(i), preprocessing).Values);
    }

    public override IReadOnlyList<string> Labels { get; }

    public override IReadOnlyList<int> Targets { get; }

    public override Preprocessing Preprocessing { get; }

    // Handwriting that is framed as MNIST's is left alone by the framing; pictures of anything else it would cut up.
    public override bool IsHandwriting => Enumerable.Range(0, Math.Min(Count, 500)).Count(i => fitted[i].AsSpan().SequenceEqual(Image(i).Values)) >= 0.98 * Math.Min(Count, 500);

    /// <summary>Whether the folder holds a pair of files that begin like this: <c>train</c> or <c>t10k</c>, as MNIST calls its two.</summary>
    public static bool Exists(string folder, string prefix) => IdxFile.Exists(folder, ImagesOf(prefix), out _) || IdxFile.Exists(folder, LabelsOf(prefix), out _);

    /// <summary>Reads a pair of files.</summary>
    /// <exception cref="FoveaException">One is missing or damaged, or the two do not belong together.</exception>
    public static IdxDataset Read(string folder, string prefix, Preprocessing preprocessing)
    {
        var images = Part(folder, ImagesOf(prefix), dimensions: 3);
        var labels = Part(folder, LabelsOf(prefix), dimensions: 1);
        return images.Dimensions[0] == labels.Dimensions[0]
            ? new IdxDataset(images, labels, preprocessing)
            : throw new FoveaException(ErrorCode.BadDataset, $"{folder} has {images.Dimensions[0]} images and {labels.Dimensions[0]} labels in its {prefix} files; expected one label for each image.");
    }

    public override void Read(int index, Span<float> tensor) =>
        Preprocessor.Normalize(new Pixels(Preprocessing.Crop[1], Preprocessing.Crop[0], Preprocessing.Channels, fitted[index]), Preprocessing, tensor);

    protected override void AppendImage(IncrementalHash hash, int index) => hash.AppendData(Image(index).Values);

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

    private Pixels Image(int index)
    {
        int size = images.Dimensions[1] * images.Dimensions[2];
        return new(images.Dimensions[2], images.Dimensions[1], 1, images.Values.AsSpan(index * size, size).ToArray());
    }
}
