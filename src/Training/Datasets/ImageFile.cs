using System.Security.Cryptography;
using Fovea.Models.Errors;
using Fovea.Models.Files;
using Fovea.Models.Imaging;

namespace Fovea.Training.Datasets;

/// <summary>An image file of a data set that has been decoded successfully once.</summary>
/// <param name="Path">The file's path.</param>
/// <param name="Targets">The class indices: one, or any number in a data set whose images can have several labels.</param>
/// <param name="Sha256">The SHA-256 of the file's bytes, 32 bytes.</param>
internal sealed record ImageFile(string Path, IReadOnlyList<int> Targets, byte[] Sha256)
{
    private Pixels? cached;

    /// <summary>Reads and decodes a file. The decoded image stays in memory if the budget allows it.</summary>
    /// <param name="path">The file's path.</param>
    /// <param name="targets">The class indices.</param>
    /// <param name="preprocessing">Describes how an image becomes the network's input.</param>
    /// <param name="memory">The budget for decoded images.</param>
    /// <returns>The image in <c>Good</c>, or the reason why the file is not a readable image in <c>Bad</c>; the other is null.</returns>
    /// <exception cref="DirectoryNotFoundException">The file's disk is gone, which says nothing about the image.</exception>
    public static (ImageFile? Good, SkippedFile? Bad) Read(
        string path, IReadOnlyList<int> targets, Preprocessing preprocessing, PixelMemory memory)
    {
        try
        {
            var bytes = Bytes(path);
            var pixels = Decode(bytes, preprocessing);
            var cached = memory.TryReserve(pixels.Values.Length) ? pixels : null;
            return (new ImageFile(path, targets, SHA256.HashData(bytes)) { cached = cached }, null);
        }
        catch (FoveaException e)
        {
            return (null, new SkippedFile(path, e.Message));
        }
    }

    /// <summary>Returns the decoded image from memory, or decodes the file again.</summary>
    /// <exception cref="FoveaException">The file was deleted or changed after the data set was opened and cannot be decoded.</exception>
    /// <exception cref="DirectoryNotFoundException">The file's disk is gone.</exception>
    public Pixels Pixels(Preprocessing preprocessing)
    {
        try
        {
            return cached ?? Decode(Bytes(Path), preprocessing);
        }
        catch (FoveaException e)
        {
            throw new FoveaException(ErrorCode.BadDataset, $"{Path} cannot be read any more: {e.Message}", e);
        }
    }

    // Cropping to the ink is slow, so it runs here, once; its result has the size of the network's input. Other images keep their own size.
    private static Pixels Decode(byte[] file, Preprocessing preprocessing) => preprocessing.Invert == Inversion.Auto
        ? Preprocessor.Fit(file, new ImageLimits(), preprocessing)
        : Preprocessor.Decode(file, new ImageLimits(), preprocessing);

    private static byte[] Bytes(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // This exception is of another kind, so it ends the program. A model that is trained without the images of a disk that is gone
            // would look complete.
            FixedFolders.RequireAbove(path);
            throw new FoveaException(ErrorCode.BadDataset, $"The file cannot be read: {FileFailure.Reason(e, path)}.", e);
        }
    }
}
