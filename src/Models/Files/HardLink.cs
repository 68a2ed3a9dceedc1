using System.Runtime.InteropServices;

namespace Fovea.Models.Files;

/// <summary>
/// Hard links: second names of files. A hard link takes no disk space, and the file exists until its last name is deleted.
/// </summary>
public static partial class HardLink
{
    /// <summary>
    /// Creates a hard link. Copies the file on Windows, and on file systems without hard links. Use it for files that never change, because
    /// both names refer to the same bytes.
    /// </summary>
    /// <param name="file">The path of the file.</param>
    /// <param name="name">The path of the new name, in an existing folder.</param>
    /// <exception cref="IOException">The file is missing, the name is taken, or the disk is full.</exception>
    /// <exception cref="UnauthorizedAccessException">The user may not write to the folder of the new name.</exception>
    public static void CreateOrCopy(string file, string name)
    {
        if (OperatingSystem.IsWindows() || Link(file, name) != 0)
        {
            File.Copy(file, name);
        }
    }

    [LibraryImport("libc", EntryPoint = "link", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string file, string name);
}
