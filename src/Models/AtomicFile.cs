using System.Globalization;

namespace Fovea.Models;

/// <summary>Files that are there whole or not at all, whatever stops the program while it writes them.</summary>
public static class AtomicFile
{
    /// <summary>
    /// Writes beside <paramref name="path"/>, flushes to the disk, and only then takes the place of what was there before.
    /// The folder is made where it is missing.
    /// </summary>
    /// <exception cref="FoveaException">The file cannot be written; what was there before is untouched.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        var unfinished = $"{path}.{Environment.ProcessId}.tmp";
        try
        {
            MakeFolder(path);
            try
            {
                using (var file = new FileStream(unfinished, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0))
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

    /// <summary>Removes what is left of writes to this path that were killed. Only for who alone writes to it.</summary>
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

    /// <summary>Fails now, rather than after hours of work, where <see cref="Write"/> could not write to this path.</summary>
    /// <exception cref="FoveaException">The path is a folder, or its folder cannot be made or written to.</exception>
    public static void EnsureWritable(string path)
    {
        var probe = $"{path}.{Environment.ProcessId}.tmp";
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

    private static void MakeFolder(string path)
    {
        if (Path.GetFileName(path).Length == 0 || path.Contains('\0'))
        {
            throw new IOException("it names no file");
        }

        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }

    // What .NET makes of EFBIG, where a disk or a limit bounds the size of files.
    private static bool IsFileTooLarge(Exception e) => e is ArgumentOutOfRangeException { ParamName: "value" };

    private static FoveaException CannotWrite(string path, Exception e) =>
        new(ErrorCode.CannotWrite, $"{path} cannot be written: {e.Message.TrimEnd('.')}. Expected a file name in a folder that can be written to.", e);
}
