using Fovea.Models.Annotations;
using Fovea.Models.Errors;
using Fovea.Models.Imaging;

namespace Fovea.Training.Datasets;

/// <summary>The parts of a data set's folder, each as a function that reads it for a preprocessing.</summary>
/// <param name="Train">Reads the training images.</param>
/// <param name="Validation">Reads the validation images; null if there are none.</param>
/// <param name="Test">Reads the test images; null if there are none.</param>
/// <param name="IsHandwriting">
/// Returns whether the images are handwriting. The given preprocessing must crop handwriting to its ink.
/// </param>
/// <param name="Sample">
/// Samples the training images. The given preprocessing must be that with which the images are read afterwards.
/// </param>
/// <param name="Layout">The images of class folders or of a list; null for IDX files.</param>
internal sealed record FolderParts(
    Func<Preprocessing, Dataset> Train,
    Func<Preprocessing, Dataset>? Validation,
    Func<Preprocessing, Dataset>? Test,
    Func<Preprocessing, bool> IsHandwriting,
    Func<Preprocessing, ImageSample> Sample,
    DataLayout? Layout)
{
    /// <summary>Returns the parts of a folder with the IDX files of MNIST. Each file is read once, on first use.</summary>
    /// <param name="folder">The folder.</param>
    public static FolderParts OfIdx(string folder)
    {
        IdxDataset? train = null;
        return new(
            Train,
            null,
            IdxDataset.Exists(folder, "t10k") ? preprocessing => IdxDataset.Read(folder, "t10k", preprocessing) : null,
            preprocessing => Train(preprocessing).IsHandwriting(),
            preprocessing => ImageSample.Of(Train(preprocessing)),
            null);

        IdxDataset Train(Preprocessing preprocessing)
        {
            train ??= IdxDataset.Read(folder, "train", preprocessing);
            return train = train.Preprocessing == preprocessing ? train : train.With(preprocessing);
        }
    }

    /// <summary>Returns the parts of a folder with image files.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="isTolerant">Whether any share of the files may be unreadable.</param>
    /// <exception cref="FoveaException">
    /// There are no images, names of classes or parts clash, or a list of labels cannot be read.
    /// </exception>
    public static FolderParts OfImages(string folder, bool isTolerant = false)
    {
        var files = FolderFiles.Of(folder);
        if (files.Layout.Items.Count == 0)
        {
            var why = files.Layout.Unused is [var first, ..] ? $" The first file, {files.PathOf(first.Index)}: {first.Reason}" : "";
            throw new FoveaException(
                ErrorCode.BadDataset,
                $"{folder} has 0 class folders with files; expected at least 2, or the four IDX files of MNIST.{why}");
        }

        var parts = files.Layout.PartFolders;
        return new(
            Part(DataPart.Train) ?? (preprocessing => ImageFolder.Read(files, null, preprocessing, isTolerant)),
            Part(DataPart.Validation),
            Part(DataPart.Test),
            _ => files.Layout.Labels.All(label => label.Length == 1),
            _ => ImageSample.Of(files),
            files.Layout);

        Func<Preprocessing, Dataset>? Part(DataPart part) =>
            parts.ContainsKey(part) ? preprocessing => ImageFolder.Read(files, part, preprocessing, isTolerant) : null;
    }
}
