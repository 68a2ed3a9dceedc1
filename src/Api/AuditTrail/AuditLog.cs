using System.Globalization;
using System.Text.Json;
using Fovea.Api.Configuration;
using Fovea.Api.Problems;
using Fovea.Api.Storage;
using Fovea.Api.Telemetry;
using Fovea.Models.Files;

namespace Fovea.Api.AuditTrail;

/// <summary>
/// Records who changed what: in the console log, and in the files <c>Data/audit/MONTH.NAME.jsonl</c>, which every process with this folder
/// can read. A process appends only to files of its own, because two processes that append to one file could overwrite each other's lines.
/// A process begins a new file each month and after <see cref="MostFileBytes"/>. Thread-safe.
/// </summary>
internal sealed class AuditLog(Settings settings, TimeProvider time, ILoggerFactory loggers)
{
    /// <summary>The category of the entries in the console log.</summary>
    public const string Category = "Fovea.Audit";

    /// <summary>The length in bytes after which a process begins a new file.</summary>
    public const int MostFileBytes = 1 << 20;

    /// <summary>
    /// The sum of the files' lengths in bytes, about 60,000 entries. A process that begins a new file first deletes the oldest files above
    /// this sum, so that a program that changes something every second cannot fill the disk.
    /// </summary>
    public const int MostBytes = 16 << 20;

    // Clocks of the machines that write, and of the disk, may differ. A larger difference only lists some entries out of order.
    private static readonly TimeSpan MostClockDifference = TimeSpan.FromMinutes(10);

    private readonly ILogger log = loggers.CreateLogger(Category);
    private readonly Lock writing = new();
    private string name = NewName();

    // After an error the file may end in the middle of a line, so the next entry begins a new line.
    private bool isBroken;

    private string Folder => Path.Combine(settings.Data, "audit");

    /// <summary>
    /// Records a change, or an attempt. An attempt that was refused for its key (401 or 403) is only in the console log, so that callers
    /// without a key cannot displace the entries of the files. If the file cannot be written to, a warning is logged: the change has been
    /// made and cannot be refused any more.
    /// </summary>
    /// <inheritdoc cref="AuditEntry"/>
    public void Record(string key, string method, string path, int status, string address, string? created = null)
    {
        log.Wrote(key, method, path, status, address);
        if (status is StatusCodes.Status401Unauthorized or StatusCodes.Status403Forbidden)
        {
            return;
        }

        var now = time.GetUtcNow();
        var entry = new AuditEntry(
            $"audit_{Guid.CreateVersion7(now):N}", now.ToUnixTimeSeconds(), key, method, path, status, address, created);
        byte[] line = [.. JsonSerializer.SerializeToUtf8Bytes(entry, AuditJson.Default.AuditEntry), (byte)'\n'];
        lock (writing)
        {
            try
            {
                Append_NeedsLock(now, isBroken ? [(byte)'\n', .. line] : line);
                isBroken = false;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                isBroken = true;
                log.NotRecorded(e.Message);
            }
        }
    }

    /// <summary>
    /// Reads the entries, the newest first, and opens each file only when its entries may be the next. Lines that were not completed, as on
    /// a full disk, are left out.
    /// </summary>
    /// <exception cref="ServiceException"><see cref="ServiceError.Unavailable"/>: the disk of the audit trail is gone.</exception>
    public IEnumerable<AuditEntry> Read()
    {
        var read = new List<AuditEntry>();
        var files = Files().Select(file => (Path: file, LastWrite: File.GetLastWriteTimeUtc(file)));
        foreach (var (file, lastWrite) in files.OrderByDescending(file => file.LastWrite))
        {
            // A file has no entry that is newer than its last write, by the clock of the disk.
            long newest = new DateTimeOffset(lastWrite + MostClockDifference).ToUnixTimeSeconds();
            int sure = read.FindIndex(entry => entry.CreatedAt <= newest) is var first and >= 0 ? first : read.Count;
            foreach (var entry in read[..sure])
            {
                yield return entry;
            }

            read = [.. read[sure..].Concat(Lines(file).Select(Entry).OfType<AuditEntry>())
                .OrderByDescending(entry => entry.Id, StringComparer.Ordinal)];
        }

        foreach (var entry in read)
        {
            yield return entry;
        }
    }

    /// <summary>Deletes the files whose last entry is older than a time.</summary>
    /// <exception cref="ServiceException"><see cref="ServiceError.Unavailable"/>: the disk of the audit trail is gone.</exception>
    public void DeleteBefore(DateTimeOffset since)
    {
        foreach (var file in Files().Where(file => File.GetLastWriteTimeUtc(file) < since.UtcDateTime))
        {
            File.Delete(file);
        }
    }

    private static string NewName() => Guid.NewGuid().ToString("N")[..12];

    private string[] Files()
    {
        if (Directory.Exists(Folder))
        {
            return Directory.GetFiles(Folder, "*.jsonl");
        }

        SharedDisk.Require(Folder, "The folder of the audit trail");
        return [];
    }

    private void Append_NeedsLock(DateTimeOffset now, byte[] line)
    {
        FixedFolders.MakeFolder(Folder);
        var file = new FileInfo(PathOf(now));
        if (!file.Exists || file.Length >= MostFileBytes)
        {
            DeleteOldest();
            name = NewName();
        }

        var options =
            new FileStreamOptions { Mode = FileMode.Append, Access = FileAccess.Write, Share = FileShare.ReadWrite, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var stream = new FileStream(PathOf(now), options);
        stream.Write(line);
    }

    private string PathOf(DateTimeOffset now) =>
        Path.Combine(Folder, string.Create(CultureInfo.InvariantCulture, $"{now:yyyy-MM}.{name}.jsonl"));

    // Keeps the newest files whose lengths sum up to at most MostBytes.
    private void DeleteOldest()
    {
        long bytes = 0;
        foreach (var file in new DirectoryInfo(Folder).GetFiles("*.jsonl").OrderByDescending(file => file.LastWriteTimeUtc))
        {
            bytes += file.Length;
            if (bytes > MostBytes)
            {
                file.Delete();
            }
        }
    }

    private static string[] Lines(string file)
    {
        try
        {
            using var reader = new StreamReader(
                new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
            return reader.ReadToEnd().Split('\n');
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException
            || (e is UnauthorizedAccessException && OperatingSystem.IsWindows()))
        {
            // Another process has deleted the file since it was listed. Windows denies access to a file that is being deleted.
            return [];
        }
    }

    private static AuditEntry? Entry(string line)
    {
        try
        {
            return line.Length == 0 ? null : JsonSerializer.Deserialize(line, AuditJson.Default.AuditEntry);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
