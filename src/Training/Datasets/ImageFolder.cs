using System.Security.Cryptography;
using Fovea.Models;

namespace Fovea.Training;

/// <summary>A folder with a sub-folder of images for each class, named after it. Images are decoded when they are read.</summary>
internal sealed class ImageFolder : Dataset
{
    private readonly IReadOnlyList<string> files;
    /// <summary>Lists the images; classes and files are in ordinal order of their names.</summary>
    /// <exception cref="FoveaException">There are fewer than two classes, or one without images.</exception>
    public ImageFolder(string folder, Preprocessing preprocessing)
    {
        Preprocessing = preprocessing;
        var classes = ClassFolders(folder);
        if (classes.Length < 2)
        {
            throw new FoveaException(ErrorCode.BadDataset, $"{folder} has {classes.Length} class folders; expected at least 2, or the four IDX files of MNIST.");
        }

        Labels = [.. classes.Select(c => Path.GetFileName(c)!)];
        var images = classes.Select(Images).ToArray();
        files = [.. images.SelectMany(i => i)];
        Targets = [.. images.SelectMany((i, target) => i.Select(_ => target))];
    }

    public override IReadOnlyList<string> Labels { get; }

    public override IReadOnlyList<int> Targets { get; }

    public override Preprocessing Preprocessing { get; }

    // Classes that are letters or digits are taken for handwriting.
    public override bool IsHandwriting => Labels.All(label => label.Length == 1);

    /// <summary>The sub-folders of a folder that are not hidden, in ordinal order.</summary>
    public static string[] ClassFolders(string folder) =>
        [.. Directory.GetDirectories(folder).Where(path => !Path.GetFileName(path).StartsWith('.')).Order(StringComparer.Ordinal)];

    public override void Read(int index, Span<float> tensor)
    {
        try
        {
            Preprocessor.Normalize(Preprocessor.Fit(File.ReadAllBytes(files[index]), new ImageLimits(), Preprocessing), Preprocessing, tensor);
        }
        catch (FoveaException e)
        {
            throw new FoveaException(ErrorCode.BadDataset, $"{files[index]}: {e.Message}", e);
        }
    }

    public override string Name(int index) => $"{Labels[Targets[index]]}/{Path.GetFileName(files[index])}";

    protected override void AppendImage(IncrementalHash hash, int index) => hash.AppendData(File.ReadAllBytes(files[index]));

    private static string[] Images(string folder)
    {
        var images = Directory.GetFiles(folder).Where(path => !Path.GetFileName(path).StartsWith('.')).Order(StringComparer.Ordinal).ToArray();
        return images.Length > 0 ? images : throw new FoveaException(ErrorCode.BadDataset, $"{folder} holds no images; expected at least one in each class folder.");
    }
}
