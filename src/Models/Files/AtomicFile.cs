using System.Globalization;
using System.Security.Cryptography;
using Fovea.Models.Errors;

namespace Fovea.Models.Files;

/// <summary>Writes each file completely or not at all, even if the program is killed during the write.</summary>
public static class AtomicFile
{
    /// <summary>
    /// Writes a temporary file beside <paramref name="path"/>, flushes it to the disk, and then renames it to <paramref name="path"/>,
    /// which replaces an existing file. Creates the folder if it is missing and is not in one of the <see cref="FixedFolders"/>.
    /// </summary>
    /// <param name="path">The path of the file.</param>
    /// <param name="write">Writes the content to the stream that it receives.</param>
    /// <param name="isPrivate">
    /// Whether only the program's user may read and write the file (mode 0600). Default false: the system's default permissions.
    /// </param>
    /// <exception cref="FoveaException"><see cref="ErrorCode.CannotWrite"/>; an existing file is unchanged.</exception>
    public static void Write(string path, Action<Stream> write, bool isPrivate = false)
    {
        var unfinished = Unfinished(path);
        try
        {
            MakeFolder(path);
            try
            {
                using (var file = Create(unfinished, isPrivate))
                {
                    write(file);
                    file.Flush(flushToDisk: true);
                }

                File.Move(unfinished, path, overwrite: true);
            }
            catch
            {
                File.Delete(unfinished);
                throw;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException || IsFileTooLarge(e))
        {
            throw CannotWrite(path, e);
        }
    }

    /// <summary>Copies a file.</summary>
    /// <param name="source">The path of the file to copy.</param>
    /// <param name="path">The path of the copy, which is written as by <see cref="Write"/>.</param>
    /// <exception cref="FoveaException"><see cref="ErrorCode.CannotWrite"/>.</exception>
    public static void Copy(string source, string path) => Write(path, stream =>
    {
        using var content = File.OpenRead(source);
        content.CopyTo(stream);
    });

    /// <summary>
    /// Deletes the temporary files that killed programs left while writing to this path. The caller ensures that no other program is
    /// writing to it.
    /// </summary>
    public static void RemoveUnfinished(string path)
    {
        var folder = new DirectoryInfo(Path.GetDirectoryName(Path.GetFullPath(path))!);
        var start = $"{Path.GetFileName(path)}.";
        foreach (var file in folder.Exists ? folder.GetFiles($"{start}*.tmp") : [])
        {
            if (int.TryParse(file.Name.AsSpan()[start.Length..^".tmp".Length], NumberStyles.None, CultureInfo.InvariantCulture, out _))
            {
                file.Delete();
            }
        }
    }

    /// <summary>
    /// Checks that <see cref="Write"/> can write to this path, so that a long computation fails at its start and not when it saves its
    /// result.
    /// </summary>
    /// <exception cref="FoveaException">The path is a folder, or its folder cannot be created or written to.</exception>
    public static void EnsureWritable(string path)
    {
        var probe = Unfinished(path);
        try
        {
            if (Directory.Exists(path))
            {
                throw new IOException("it is a folder");
            }

            MakeFolder(path);
            new FileStream(probe, FileMode.Create, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose).Dispose();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CannotWrite(path, e);
        }
    }

    // The name contains a random number, not the process id: two containers that write the same file can have equal process ids.
    private static string Unfinished(string path) =>
        string.Create(CultureInfo.InvariantCulture, $"{path}.{RandomNumberGenerator.GetInt32(int.MaxValue)}.tmp");

    private static FileStream Create(string path, bool isPrivate)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            Share = FileShare.None,
            BufferSize = 0,
        };
        if (isPrivate && !OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return new FileStream(path, options);
    }

    private static void MakeFolder(string path)
    {
        if (Path.GetFileName(path).Length == 0 || path.Contains('\0'))
        {
            throw new IOException("it is not a file name");
        }

        FixedFolders.MakeFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }

    // .NET throws this exception for the error EFBIG: the file system, or a limit of the process, does not allow files of this size.
    private static bool IsFileTooLarge(Exception e) => e is ArgumentOutOfRangeException { ParamName: "value" };

    private static FoveaException CannotWrite(string path, Exception e) =>
        new(
            ErrorCode.CannotWrite,
            $"{path} cannot be written: {e.Message.TrimEnd('.')}. Expected a file name in a folder that can be written to.",
            e);
}
