using System.Runtime.InteropServices;

namespace Fovea.Models.Files;

/// <summary>Second names of files. They cost no bytes, and a file stays until its last name is deleted.</summary>
public static partial class HardLink
{
    /// <summary>
    /// Gives a file a second name. Copies the file where the file system has no such names, and on Windows. Use it for files that never
    /// change, since both names show the same bytes.
    /// </summary>
    /// <param name="file">The path of the file.</param>
    /// <param name="name">The path of the new name, in an existing folder.</param>
    /// <exception cref="IOException">The file is missing, the name is taken, or the disk is full.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder of the new name cannot be written to.</exception>
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
