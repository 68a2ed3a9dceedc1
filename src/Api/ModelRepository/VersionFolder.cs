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
/// <param name="ModelFolder">
/// The path of the model's folder NAME. The folder does not exist if the version is a file NAME.onnx directly in the repository.
/// </param>
/// <param name="File">The path of the network's .onnx file.</param>
/// <param name="Stamp">
/// The names, sizes and times of all files of the version: the files in its own folder, and the files directly in the model's folder. If
/// the stamp changes, the version may have changed.
/// </param>
internal sealed record VersionFolder(int Number, string ModelFolder, string File, string Stamp)
{
    /// <summary>The name of the network's file.</summary>
    public const string ModelFile = "model.onnx";

    /// <summary>The name of the JSON file with metadata for a network's file that lacks them.</summary>
    public const string JsonFile = "model.json";

    // A program that copies files pauses less than this between two writes, so an older file is complete. The time also exceeds the 10 ms
    // within which a file system may give two writes the same time, and a second write would leave the stamp unchanged.
    private static readonly TimeSpan Settling = TimeSpan.FromMilliseconds(300);

    // On a busy disk, a program may pause for this long while it writes. A younger file that cannot be read is treated as unfinished.
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    private const int MostTries = 8;

    // Files of labels or metadata are smaller than this. For a larger file beside the network's file, and for a file that the service may
    // not read, the digest covers the file's size and time instead of its bytes.
    private const long MostHashedBytes = 16 << 20;

    /// <summary>The folder of the network's file.</summary>
    public string Path => System.IO.Path.GetDirectoryName(File)!;

    /// <summary>
    /// The path of the JSON file whose metadata replace those of the network's file: model.json beside it, or NAME.json beside NAME.onnx.
    /// The file need not exist.
    /// </summary>
    public string Json => IsInRepository(ModelFolder, File)
        ? System.IO.Path.ChangeExtension(File, ".json") : System.IO.Path.Combine(Path, JsonFile);

    /// <summary>
    /// The path of model.json in the model's folder, with metadata that the network's file may lack. The file need not exist.
    /// </summary>
    public string ModelJson => System.IO.Path.Combine(ModelFolder, JsonFile);

    /// <summary>The path of the network's file relative to the repository, for messages, such as lenet5/1/model.onnx.</summary>
    public string Name => System.IO.Path.GetRelativePath(RepositoryOf(ModelFolder), File).Replace('\\', '/');

    /// <summary>Whether the network's file exists now.</summary>
    public bool Exists => System.IO.File.Exists(File);

    /// <summary>Reads the sizes and times of a version's files; null if the network's file does not exist.</summary>
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
    /// Reads the version's files, and repeats that until no file has changed during the reading.
    /// </summary>
    /// <param name="read">
    /// Reads the files. If a file has changed meanwhile, the result is disposed of (if it is disposable), and the files are read again.
    /// </param>
    /// <param name="time">The clock that gives the age of the files.</param>
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
                // The files changed during the reading, so one may be half-written and unreadable. The loop reads them again.
            }
            catch (Exception e) when (e is RefusalException or IOException && tries < MostTries && AgeOf(Newest(), time) < Pause)
            {
                // The files did not change, but they are young, and the program that writes them may be waiting for a slow disk.
                Thread.Sleep(Settling);
            }

            if (tries == MostTries)
            {
                throw new FoveaException(
                    ErrorCode.BadModelFile,
                    $"{Name} or a file beside it is being written: the files changed during each of {MostTries} attempts to read "
                        + "them. Wait until the copy is complete.");
            }
        }
    }

    /// <summary>
    /// The SHA-256 over the names and bytes of all files, in hexadecimal. Two folders with the same files have the same digest.
    /// </summary>
    /// <param name="modelHash">The SHA-256 of the network's file in hexadecimal; null: the method reads the file.</param>
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

    // Waits until the newest file has not changed for the settling time. Returns false if a file changed during the wait.
    private bool Settle(TimeProvider time)
    {
        long newest = Newest();
        var age = AgeOf(newest, time);

        // A file from the future was dated by a file server whose clock is ahead; waiting for its age would not help.
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

    // Returns the paths of the files that belong to a version. The files default and previous, and unfinished files, do not.
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

    // In the repository's own folder, also files of other models lie beside NAME.onnx. Only files that begin with NAME. and files with the
    // fixed names that other software uses belong to this model. The case of the letters of NAME has an effect: cat and Cat are two models.
    private static bool IsBeside(string file, string prefix) => file.StartsWith(prefix, StringComparison.Ordinal)
        ? !file.EndsWith(".tmp", StringComparison.Ordinal)
        : Sidecars.FileNames.Contains(System.IO.Path.GetFileName(file), StringComparer.OrdinalIgnoreCase);

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
