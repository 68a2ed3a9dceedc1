using Fovea.Models.Annotations;
using Fovea.Models.Errors;
using Fovea.Models.Imaging;

namespace Fovea.Training.Predictions;

/// <summary>Lists image files that are named one by one or by their folders.</summary>
internal static class ImagePaths
{
    // The depth at which the search ends: links that lead back to a folder above would never end.
    private const int MaximumDepth = 64;

    /// <summary>Returns the image files, in the order of the paths. The files of a folder are in the order of their names.</summary>
    /// <param name="paths">
    /// Files and folders. All files are taken. From a folder, the files are taken that have the name or the content of an image; hidden
    /// files and the leftovers of file managers are skipped.
    /// </param>
    /// <param name="recursive">Whether to look into the folders' sub-folders.</param>
    /// <exception cref="FoveaException">A folder holds no image, or cannot be read.</exception>
    public static IReadOnlyList<string> Of(IEnumerable<string> paths, bool recursive) =>
        [.. paths.SelectMany(path => Directory.Exists(path) ? InFolder(path, recursive) : [path])];

    private static string[] InFolder(string folder, bool recursive)
    {
        var options = new EnumerationOptions
        {
            RecurseSubdirectories = recursive,
            MaxRecursionDepth = MaximumDepth,
            AttributesToSkip = 0,
            IgnoreInaccessible = false,
        };
        try
        {
            var files = Directory.EnumerateFiles(folder, "*", options).Where(path => IsImage(folder, path));
            string[] images = [.. files.Order(StringComparer.Ordinal)];
            return images.Length > 0 ? images : throw new FoveaException(
                ErrorCode.BadArgument,
                $"{folder} holds no images; expected {ImageFormat.Known} files"
                + $"{(recursive ? "" : ", or --recursive for its sub-folders")}.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FoveaException(
                ErrorCode.BadArgument, $"{folder} cannot be read: {FileFailure.Reason(e, folder)}; expected a folder of images.", e);
        }
    }

    private static bool IsImage(string folder, string path) =>
        !PassedOver.IsLeftover(Path.GetRelativePath(folder, path).Split(Path.DirectorySeparatorChar))
        && (ImageFormat.IsImageName(path) || (!PassedOver.IsAnnotation(path) && HasSignature(path)));

    private static bool HasSignature(string path)
    {
        var start = new byte[ImageFormat.SignatureBytes];
        using var file = File.OpenRead(path);
        int count = file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        return ImageFormat.Of(start.AsSpan(0, count)) is { IsDecoded: true };
    }
}
