using Fovea.Models.Annotations;
using Fovea.Models.Errors;
using Fovea.Models.Imaging;

namespace Fovea.Training.Datasets;

/// <summary>Images whose classes are not known: all have the target 0.</summary>
internal sealed class PlainImages : Dataset
{
    private readonly ImageFile[] files;

    private PlainImages(Preprocessing preprocessing, ImageFile[] files, IReadOnlyList<SkippedFile> refused) =>
        (Preprocessing, this.files, Refused, Targets) = (preprocessing, files, refused, new int[files.Length]);

    public override IReadOnlyList<string> Labels => [];

    public override IReadOnlyList<int> Targets { get; }

    public override Preprocessing Preprocessing { get; }

    public override IReadOnlyList<SkippedFile> Refused { get; }

    /// <summary>Whether a folder directly contains images, and no list of their labels.</summary>
    public static bool IsPlain(string folder)
    {
        if (!Directory.Exists(folder))
        {
            return false;
        }

        string[] names = [.. Directory.EnumerateFiles(folder).Select(path => Path.GetFileName(path))];
        return names.Any(name => ImageFormat.IsImageName(name) && !PassedOver.IsLeftover([name]))
            && !names.Any(name => Path.GetFileNameWithoutExtension(name) == "labels" && PassedOver.IsAnnotation(name));
    }

    /// <summary>Reads images. Files that cannot be decoded are left out.</summary>
    /// <param name="paths">The files.</param>
    /// <param name="preprocessing">Describes how an image becomes the network's input.</param>
    /// <exception cref="FoveaException">No file is a readable image.</exception>
    public static PlainImages Read(IReadOnlyList<string> paths, Preprocessing preprocessing)
    {
        var read = new (ImageFile? Good, SkippedFile? Bad)[paths.Count];
        var memory = new PixelMemory();
        Parallel.For(0, paths.Count, i => read[i] = ImageFile.Read(paths[i], [0], preprocessing, memory));
        SkippedFile[] refused = [.. read.Select(file => file.Bad).OfType<SkippedFile>()];
        return refused.Length < paths.Count
            ? new(preprocessing, [.. read.Select(file => file.Good).OfType<ImageFile>()], refused)
            : throw new FoveaException(
                ErrorCode.BadDataset,
                $"None of {paths.Count} files is a readable image; expected images. {refused.FirstOrDefault()?.Reason}");
    }

    public override Pixels Image(int index) => files[index].Pixels(Preprocessing);

    public override string Source(int index) => files[index].Path;

    public override string? FileOf(int index) => files[index].Path;

    protected override byte[] Digest(int index) => files[index].Sha256;
}
