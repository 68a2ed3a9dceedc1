using Fovea.Models.Annotations;
using Fovea.Models.Errors;
using Fovea.Models.Files;

namespace Fovea.Training.Datasets;

/// <summary>The files of a data set's folder, and the classes of those files that are images.</summary>
internal sealed class FolderFiles
{
    // The depth of the sub-folders that are listed: folders that contain the whole data set, a part and a class, and one more level, at
    // which images are too deep.
    private const int MaximumDepth = 6;

    // The largest size of a list of labels. A list for a million images has about 50 MB.
    private const long MaximumListBytes = 256 << 20;

    private readonly string[] paths;

    private FolderFiles(string folder, string[] paths, DataLayout layout) => (Folder, this.paths, Layout) = (folder, paths, layout);

    /// <summary>The data set's folder.</summary>
    public string Folder { get; }

    /// <summary>The classes and parts of the files. <see cref="PathOf"/> gives the path for an index in the layout.</summary>
    public DataLayout Layout { get; }

    /// <summary>Lists the files of a folder.</summary>
    /// <exception cref="FoveaException">Names of classes or parts clash, or a list of labels cannot be read.</exception>
    /// <exception cref="DirectoryNotFoundException">The folder's disk is gone.</exception>
    public static FolderFiles Of(string folder)
    {
        var options = new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = MaximumDepth, AttributesToSkip = 0 };
        string[] paths = [.. Directory.EnumerateFiles(folder, "*", options).Order(StringComparer.Ordinal)];
        var folders = Directory.EnumerateDirectories(folder, "*", options).Select(Names);
        var layout = DataLayout.Of(folder, [.. paths.Select(Names)], [.. folders], i => ReadText(paths[i]));

        // The enumerations skip subfolders that have gone meanwhile.
        FixedFolders.RequireAbove(folder);
        return new(folder, paths, layout);

        string[] Names(string path) => Path.GetRelativePath(folder, path).Split(Path.DirectorySeparatorChar);
    }

    /// <summary>The path of a file.</summary>
    /// <param name="index">The file's index in the layout.</param>
    public string PathOf(int index) => paths[index];

    private static string ReadText(string path)
    {
        try
        {
            return new FileInfo(path).Length <= MaximumListBytes ? File.ReadAllText(path) : throw new FoveaException(
                ErrorCode.BadDataset, $"{path} has more than {MaximumListBytes:N0} bytes, the limit for a list of labels.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FoveaException(ErrorCode.BadDataset, $"{path} cannot be read: {FileFailure.Reason(e, path)}.", e);
        }
    }
}
