using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Fovea.Models;

namespace Fovea.Api;

/// <summary>A version's folder at one moment.</summary>
/// <param name="Number">The version, from 1.</param>
/// <param name="Path">The folder.</param>
/// <param name="Stamp">The names and stamps of all files that the version is made of: those in its folder, and those right in the
/// model's. A folder with another stamp may hold another version.</param>
internal sealed record VersionFolder(int Number, string Path, string Stamp)
{
    /// <summary>The name of the network's file.</summary>
    public const string ModelFile = "model.onnx";

    /// <summary>The name of the file that says what the network's file does not.</summary>
    public const string JsonFile = "model.json";

    // Somebody who copies several files, or a large one, pauses less between two writes. A file system may give two writes the same time
    // that are less than 10 ms apart, so a newer stamp proves nothing.
    private static readonly TimeSpan Settling = TimeSpan.FromMilliseconds(300);

    private const int MostTries = 8;

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
        int start = System.IO.Path.GetDirectoryName(path)!.Length;
        foreach (var file in Files(path))
        {
            if (FileStamp.Of(file) is { } found)
            {
                stamp.Append(CultureInfo.InvariantCulture, $"{file[start..]}:{found}|");
            }
        }

        var version = new VersionFolder(int.Parse(System.IO.Path.GetFileName(path), CultureInfo.InvariantCulture), path, $"{stamp}");
        return version.Exists ? version : null;
    }

    /// <summary>
    /// Reads something out of the version's files, none of which is being written, and all of which stay the same meanwhile.
    /// </summary>
    /// <param name="read">Reads it; called again if a file has changed meanwhile. A result that is disposable is disposed of
    /// before.</param>
    /// <param name="time">The clock that files are dated by.</param>
    /// <returns>The result, and the folder as it was when the result was read.</returns>
    /// <exception cref="FoveaException">What <paramref name="read"/> throws; or <see cref="ErrorCode.BadModelFile"/>: the files change
    /// all the time.</exception>
    public (T Result, VersionFolder Folder) ReadUnchanged<T>(Func<VersionFolder, T> read, TimeProvider time)
    {
        for (int tries = 1; ; tries++)
        {
            bool isSettled = Settle(time);
            var before = Read(Path) ?? throw new FoveaException(
                ErrorCode.BadModelFile,
                $"There is no file {Number}/{ModelFile}; expected an .onnx file.");
            try
            {
                if (isSettled)
                {
                    var result = read(before);
                    if (before == Read(Path))
                    {
                        return (result, before);
                    }

                    (result as IDisposable)?.Dispose();
                }
            }
            catch (Exception e) when (e is FoveaException or IOException && before != Read(Path))
            {
                // A file that is half written cannot be read. It is read again.
            }

            if (tries == MostTries)
            {
                throw new FoveaException(
                    ErrorCode.BadModelFile,
                    $"Its files are being written: they changed {MostTries} times while they were to be read. Expected files that stay "
                        + $"the same.");
            }
        }
    }

    /// <summary>SHA-256 over the names and bytes of all files, in hexadecimal: the same for folders that hold the same version.</summary>
    /// <param name="modelHash">The SHA-256 of the network's file in hexadecimal, if it is known; else the file is read.</param>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public string Digest(string? modelHash = null)
    {
        using var all = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in Files(Path))
        {
            if (FileStamp.Of(file) is { } stamp)
            {
                all.AppendData(Encoding.UTF8.GetBytes(file[ModelFolder.Length..] + '\0'));
                all.AppendData(file == File && modelHash is not null ? Convert.FromHexString(modelHash)
                    : file == File || stamp.Length <= MostHashedBytes ? HashOf(file, stamp)
                    : Encoding.UTF8.GetBytes($"{stamp}"));
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

    // Gives the newest file time to be older, and says whether no file has been written meanwhile.
    private bool Settle(TimeProvider time)
    {
        long newest = Newest();
        var age = time.GetUtcNow() - DateTimeOffset.UnixEpoch - TimeSpan.FromTicks(newest / TimeSpan.NanosecondsPerTick);

        // The clock of another machine that holds the files may be ahead.
        if (age <= -Settling || age >= Settling)
        {
            return true;
        }

        Thread.Sleep(Settling - (age > TimeSpan.Zero ? age : TimeSpan.Zero));
        return newest == Newest();
    }

    private long Newest() => Files(Path).Max(file => FileStamp.Of(file)?.Changed) ?? 0;

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
