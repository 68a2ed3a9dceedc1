using Fovea.Models.Annotations;
using Fovea.Models.Errors;

namespace Fovea.Training.Datasets;

/// <summary>The files of a data set's folder, and which of them are images of which classes.</summary>
internal sealed class FolderFiles
{
    // Folders that hold everything, a part, a class, and one more, in which images lie too deep.
    private const int MaximumDepth = 6;

    // A list of labels of a million images has about 50 MB.
    private const long MaximumListBytes = 256 << 20;

    private readonly string[] paths;

    private FolderFiles(string folder, string[] paths, DataLayout layout) => (Folder, this.paths, Layout) = (folder, paths, layout);

    /// <summary>The data set's folder.</summary>
    public string Folder { get; }

    /// <summary>What the files are; an index in it is a place among the files.</summary>
    public DataLayout Layout { get; }

    /// <summary>Lists the files of a folder.</summary>
    /// <exception cref="FoveaException">Names of classes or parts clash, or a list of labels cannot be read.</exception>
    public static FolderFiles Of(string folder)
    {
        var options = new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = MaximumDepth, AttributesToSkip = 0 };
        string[] paths = [.. Directory.EnumerateFiles(folder, "*", options).Order(StringComparer.Ordinal)];
        var layout = DataLayout.Of(
            folder,
            [.. paths.Select(Names)],
            [.. Directory.EnumerateDirectories(folder, "*", options).Select(Names)],
            i => ReadText(paths[i]));
        return new(folder, paths, layout);

        string[] Names(string path) => Path.GetRelativePath(folder, path).Split(Path.DirectorySeparatorChar);
    }

    /// <summary>The path of a file.</summary>
    /// <param name="index">The file's place, as the layout gives it.</param>
    public string PathOf(int index) => paths[index];

    private static string ReadText(string path)
    {
        try
        {
            return new FileInfo(path).Length <= MaximumListBytes ? File.ReadAllText(path) : throw new FoveaException(
                ErrorCode.BadDataset, $"{path} has more than {MaximumListBytes:N0} bytes; expected a list of labels.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FoveaException(ErrorCode.BadDataset, $"{path} cannot be read: {FileFailure.Reason(e, path)}.", e);
        }
    }
}
