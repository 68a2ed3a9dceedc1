using Fovea.Api.Problems;

namespace Fovea.Api.Storage;

/// <summary>The disk use of a folder. Links in it are not followed.</summary>
/// <param name="Name">What is in the folder: models, adopted (forms of models from elsewhere), datasets, jobs or weights.</param>
/// <param name="Files">The number of files, also in sub-folders.</param>
/// <param name="Bytes">The sum of their lengths in bytes.</param>
/// <param name="Free">The bytes that the service may still write to the folder's disk; null: unknown.</param>
internal sealed record FolderUse(string Name, long Files, long Bytes, long? Free)
{
    private static readonly EnumerationOptions Everything =
        new() { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint };

    /// <summary>Measures a folder; one that does not exist is empty.</summary>
    /// <exception cref="ServiceException"><see cref="ServiceError.Unavailable"/>: the disk of the folder is gone.</exception>
    public static FolderUse Of(string name, string folder)
    {
        SharedDisk.Require(folder, $"The folder of {name}");
        var (files, bytes) = (0L, 0L);
        var place = new DirectoryInfo(folder);
        if (place.Exists)
        {
            foreach (var file in place.EnumerateFiles("*", Everything))
            {
                (files, bytes) = (files + 1, bytes + Length(file));
            }
        }

        return new(name, files, bytes, FreeIn(place));
    }

    // A file may be deleted between the listing and the look at its length.
    private static long Length(FileInfo file)
    {
        try
        {
            return file.Length;
        }
        catch (IOException)
        {
            return 0;
        }
    }

    private static long? FreeIn(DirectoryInfo? folder)
    {
        while (folder is { Exists: false })
        {
            folder = folder.Parent;
        }

        try
        {
            return folder is null ? null : new DriveInfo(folder.FullName).AvailableFreeSpace;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }
}
