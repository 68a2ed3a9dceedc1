using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Fovea.Models;

namespace Fovea.Api;

/// <summary>A version's folder at one moment.</summary>
/// <param name="Number">The version, from 1.</param>
/// <param name="Path">The folder.</param>
/// <param name="Stamp">The names and stamps of all files that the version is made of: those in its folder, and those right in the model's. A folder with another
/// stamp may hold another version.</param>
internal sealed record VersionFolder(int Number, string Path, string Stamp)
{
    /// <summary>The name of the network's file.</summary>
    public const string ModelFile = "model.onnx";

    /// <summary>The name of the file that says what the network's file does not.</summary>
    public const string JsonFile = "model.json";

    // A file system may give two writes the same time if they are less than 10 ms apart.
    private const int ClockTickMilliseconds = 20;

    private const int MostTries = 10, PauseMilliseconds = 100;

    // A file of labels or settings is smaller. Of a larger file, and of one that cannot be read, the stamp stands for the bytes.
    private const long MostHashedBytes = 16 << 20;

    /// <summary>The model's folder.</summary>
    public string ModelFolder => System.IO.Path.GetDirectoryName(Path)!;

    /// <summary>The network's file.</summary>
    public string File => System.IO.Path.Combine(Path, ModelFile);

    /// <summary>Whether the network's file is there now.</summary>
    public bool Exists => System.IO.File.Exists(File);

    /// <summary>Looks at a folder whose name is a version's number; null if it has no network's file.</summary>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    public static VersionFolder? Read(string path)
    {
        var stamp = new StringBuilder();
        foreach (var file in Files(path))
        {
            if (FileStamp.Of(file) is { } found)
            {
                stamp.Append(CultureInfo.InvariantCulture, $"{file[path.Length..]}:{found}|");
            }
        }

        var version = new VersionFolder(int.Parse(System.IO.Path.GetFileName(path), CultureInfo.InvariantCulture), path, $"{stamp}");
        return version.Exists ? version : null;
    }

    /// <summary>Reads something out of the version's files, all of which stay the same meanwhile.</summary>
    /// <param name="read">Reads it; called again if a file has changed meanwhile. A result that is disposable is disposed of before.</param>
    /// <returns>The result, and the folder as it was when the result was read.</returns>
    /// <exception cref="FoveaException">What <paramref name="read"/> throws; or <see cref="ErrorCode.BadModelFile"/>: the files change all the time.</exception>
    public (T Result, VersionFolder Folder) ReadUnchanged<T>(Func<VersionFolder, T> read)
    {
        for (int tries = 1; ; tries++)
        {
            // A write in the same tick as the one that this stamp shows is over before the reading begins.
            var before = Read(Path) ?? throw new FoveaException(ErrorCode.BadModelFile, $"There is no file {Number}/{ModelFile}; expected an .onnx file.");
            Thread.Sleep(ClockTickMilliseconds);
            try
            {
                var result = read(before);
                if (before == Read(Path))
                {
                    return (result, before);
                }

                (result as IDisposable)?.Dispose();
            }
            catch (Exception e) when (e is FoveaException or IOException && before != Read(Path))
            {
                // A file that is half written cannot be read. It is read again.
            }

            if (tries == MostTries)
            {
                throw new FoveaException(
                    ErrorCode.BadModelFile,
                    $"Its files are being written: they changed each of the {MostTries} times that they were read. Expected files that stay the same.");
            }

            Thread.Sleep(PauseMilliseconds);
        }
    }

    /// <summary>SHA-256 over the names and bytes of all files, in hexadecimal: the same for folders that hold the same version.</summary>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public string Digest()
    {
        using var all = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in Files(Path))
        {
            if (FileStamp.Of(file) is { } stamp)
            {
                all.AppendData(Encoding.UTF8.GetBytes(file[ModelFolder.Length..] + '\0'));
                all.AppendData(file == File || stamp.Length <= MostHashedBytes ? HashOf(file, stamp) : Encoding.UTF8.GetBytes($"{stamp}"));
            }
        }

        return Convert.ToHexStringLower(all.GetHashAndReset());
    }

    private static byte[] HashOf(string file, FileStamp stamp)
    {
        try
        {
            using var stream = System.IO.File.OpenRead(file);
            return SHA256.HashData(stream);
        }
        catch (UnauthorizedAccessException)
        {
            return Encoding.UTF8.GetBytes($"{stamp}");
        }
    }

    // The files that choose a version, and those of unfinished writes, are none of a version's.
    private static IEnumerable<string> Files(string path)
    {
        var model = System.IO.Path.GetDirectoryName(path)!;
        return FilesIn(model).Where(file => System.IO.Path.GetFileName(file) is not (Api.ModelFolder.Default or Api.ModelFolder.Previous)
            && !file.EndsWith(".tmp", StringComparison.Ordinal)).Concat(FilesIn(path));
    }

    private static IEnumerable<string> FilesIn(string folder)
    {
        try
        {
            return Directory.GetFiles(folder).Order(StringComparer.Ordinal);
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
    }
}
