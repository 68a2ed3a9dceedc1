using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Fovea.Models.Adoption;
using Fovea.Models.Errors;
using Fovea.Models.Files;
using Fovea.Models.Graphs;

namespace Fovea.Api.ModelRepository;

/// <summary>The files of a version at one moment.</summary>
/// <param name="Number">The number of the version, from 1.</param>
/// <param name="ModelFolder">The model's folder, which does not exist for a version that is a file of the repository.</param>
/// <param name="File">The network's file.</param>
/// <param name="Stamp">
/// The names and stamps of all files of the version: those in its folder, and those directly in the model's folder. If the stamp changes,
/// the version may have changed.
/// </param>
internal sealed record VersionFolder(int Number, string ModelFolder, string File, string Stamp)
{
    /// <summary>The name of the network's file.</summary>
    public const string ModelFile = "model.onnx";

    /// <summary>The name of the file with metadata that the network's file lacks.</summary>
    public const string JsonFile = "model.json";

    // A copy of several files, or of a large one, pauses less than this between two writes. A file system may give the same time to two
    // writes that are less than 10 ms apart, so a file as new as that may still change without a new stamp.
    private static readonly TimeSpan Settling = TimeSpan.FromMilliseconds(300);

    // On a busy disk, a writer may pause for this long. Younger files that cannot be read are treated as unfinished.
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    private const int MostTries = 8;

    // Files of labels or settings are smaller than this. For a larger file, and for a file that cannot be read, the stamp is hashed in
    // place of the bytes.
    private const long MostHashedBytes = 16 << 20;

    /// <summary>The folder of the network's file.</summary>
    public string Path => System.IO.Path.GetDirectoryName(File)!;

    /// <summary>
    /// The path of the file with metadata that replace those of the network's file: model.json beside it, or NAME.json beside NAME.onnx.
    /// </summary>
    public string Json => IsInRepository(ModelFolder, File)
        ? System.IO.Path.ChangeExtension(File, ".json") : System.IO.Path.Combine(Path, JsonFile);

    /// <summary>The path of the file with metadata for what the network's file lacks, in the model's folder.</summary>
    public string ModelJson => System.IO.Path.Combine(ModelFolder, JsonFile);

    /// <summary>The network's file as callers know it, such as lenet5/1/model.onnx.</summary>
    public string Name => System.IO.Path.GetRelativePath(RepositoryOf(ModelFolder), File).Replace('\\', '/');

    /// <summary>Whether the network's file exists now.</summary>
    public bool Exists => System.IO.File.Exists(File);

    /// <summary>Reads the stamps of a version's files; null if the network's file does not exist.</summary>
    /// <param name="number">The number of the version.</param>
    /// <param name="model">The model's folder.</param>
    /// <param name="file">The network's file, where <see cref="RepositoryLayout"/> finds it.</param>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    public static VersionFolder? Read(int number, string model, string file)
    {
        var stamp = new StringBuilder();
        int start = RepositoryOf(model).Length;
        foreach (var beside in Files(model, file))
        {
            if (FileStamp.Of(beside) is { } found)
            {
                stamp.Append(CultureInfo.InvariantCulture, $"{beside[start..]}:{found}|");
            }
        }

        var version = new VersionFolder(number, model, file, $"{stamp}");
        return version.Exists ? version : null;
    }

    /// <summary>
    /// Reads from the version's files while none of them is being written and none of them changes.
    /// </summary>
    /// <param name="read">
    /// Reads the files. It is called again if a file has changed meanwhile, after its disposable result is disposed of.
    /// </param>
    /// <param name="time">The clock that files are dated by.</param>
    /// <returns>The result, and the folder as it was when the result was read.</returns>
    /// <exception cref="FoveaException">
    /// The exception of <paramref name="read"/>; or <see cref="ErrorCode.BadModelFile"/>: the files keep changing.
    /// </exception>
    public (T Result, VersionFolder Folder) ReadUnchanged<T>(Func<VersionFolder, T> read, TimeProvider time)
    {
        for (int tries = 1; ; tries++)
        {
            bool isSettled = Settle(time);
            var before = Again() ?? throw new FoveaException(
                ErrorCode.BadModelFile,
                $"There is no file {Name}; expected an .onnx file.");
            try
            {
                if (isSettled)
                {
                    var result = read(before);
                    if (before == Again())
                    {
                        return (result, before);
                    }

                    (result as IDisposable)?.Dispose();
                }
            }
            catch (Exception e) when (e is RefusalException or IOException && before != Again())
            {
                // A half-written file may be unreadable, so it is read again.
            }
            catch (Exception e) when (e is RefusalException or IOException && tries < MostTries && AgeOf(Newest(), time) < Pause)
            {
                // The files look finished, but a slow disk may only have paused their writer.
                Thread.Sleep(Settling);
            }

            if (tries == MostTries)
            {
                throw new FoveaException(
                    ErrorCode.BadModelFile,
                    $"Its files are being written: they changed during each of {MostTries} attempts to read them. Wait until the copy is "
                        + "complete.");
            }
        }
    }

    /// <summary>SHA-256 over the names and bytes of all files, in hexadecimal: the same for folders that hold the same version.</summary>
    /// <param name="modelHash">The SHA-256 of the network's file in hexadecimal, if it is known; else the file is read.</param>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public string Digest(string? modelHash = null)
    {
        using var all = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in Files(ModelFolder, File))
        {
            if (FileStamp.Of(file) is { } stamp)
            {
                all.AppendData(Encoding.UTF8.GetBytes(file[RepositoryOf(ModelFolder).Length..] + '\0'));
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

    // Waits until the newest file is old enough, and returns whether no file has been written meanwhile.
    private bool Settle(TimeProvider time)
    {
        long newest = Newest();
        var age = AgeOf(newest, time);

        // The clock of the file server may be ahead.
        if (age <= -Settling || age >= Settling)
        {
            return true;
        }

        Thread.Sleep(Settling - (age > TimeSpan.Zero ? age : TimeSpan.Zero));
        return newest == Newest();
    }

    private static TimeSpan AgeOf(long nanoseconds, TimeProvider time) =>
        time.GetUtcNow() - DateTimeOffset.UnixEpoch - TimeSpan.FromTicks(nanoseconds / TimeSpan.NanosecondsPerTick);

    private VersionFolder? Again() => Read(Number, ModelFolder, File);

    private long Newest() => Files(ModelFolder, File).Max(file => FileStamp.Of(file)?.Changed) ?? 0;

    // The files that choose a version, and unfinished files, do not belong to a version.
    private static IEnumerable<string> Files(string model, string network)
    {
        var folder = System.IO.Path.GetDirectoryName(network)!;
        var ofModel = FilesIn(model).Where(file =>
            System.IO.Path.GetFileName(file) is not (ModelRepository.ModelFolder.Default or ModelRepository.ModelFolder.Previous)
            && !file.EndsWith(".tmp", StringComparison.Ordinal));
        return folder == model ? ofModel
            : IsInRepository(model, network) ? ofModel.Concat(FilesIn(folder).Where(file => IsBeside(file, model + ".")))
            : ofModel.Concat(FilesIn(folder));
    }

    // Other models have files in the repository too.
    private static bool IsBeside(string file, string prefix) => file.StartsWith(prefix, StringComparison.Ordinal)
        ? !file.EndsWith(".tmp", StringComparison.Ordinal)
        : Sidecars.FileNames.Contains(System.IO.Path.GetFileName(file));

    private static bool IsInRepository(string model, string network) => System.IO.Path.GetDirectoryName(network) == RepositoryOf(model);

    private static string RepositoryOf(string model) => System.IO.Path.GetDirectoryName(model)!;

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
