using System.IO.Compression;
using Fovea.Models;

namespace Fovea.Api;

/// <summary>An uploaded zip file whose directory is read and within the limits. <see cref="Read"/> unpacks one file at a time.</summary>
internal sealed class DatasetArchive : IDisposable
{
    // Zip hardly makes photos smaller, and makes drawings at most about 100 times smaller.
    private const int MostRatio = 200, SmallBytes = 1 << 20;

    // Zip programs on Unix write the file's type (S_IFMT) into the upper 16 bits of the attributes.
    private const int TypeMask = 0xF000, LinkType = 0xA000, RegularType = 0x8000;

    private readonly ZipArchive zip;
    private readonly int mostBytes;
    private readonly Lock gate = new();
    private long unpackedLeft;

    private DatasetArchive(ZipArchive zip, DatasetSettings limits, int mostBytes)
    {
        (this.zip, this.mostBytes, unpackedLeft) = (zip, mostBytes, limits.MaxDatasetBytes);
        var files = zip.Entries.Where(entry => !IsFolder(entry))
            .Select(entry => new ArchivedFile(entry, ArchivePath.Names(entry.FullName)))
            .Where(file => !ArchivePath.IsLeftover(file.Names)).ToArray();
        RefuseBomb(files, limits.MaxDatasetBytes);
        var verdicts = files.Select(file => (File: file, Reason: WhyNot(file))).ToArray();
        Files = [.. verdicts.Where(verdict => verdict.Reason is null).Select(verdict => verdict.File)];
        Refused =
        [
            .. verdicts.Where(verdict => verdict.Reason is not null).Select(verdict => new RefusedFile(verdict.File.Path, verdict.Reason!)),
        ];
    }

    /// <summary>The files that may be unpacked, in the order of the archive.</summary>
    public IReadOnlyList<ArchivedFile> Files { get; }

    /// <summary>The files that may not be unpacked, each with the reason.</summary>
    public IReadOnlyList<RefusedFile> Refused { get; }

    /// <summary>Opens an archive. Disposing of it deletes the file.</summary>
    /// <param name="path">The path of the zip file.</param>
    /// <param name="limits">The most entries, and the most bytes of all unpacked files together.</param>
    /// <param name="mostBytes">The most bytes of one unpacked file.</param>
    /// <exception cref="FoveaException">The file is no zip file, is damaged, or is over the limits.</exception>
    public static DatasetArchive Open(string path, DatasetSettings limits, int mostBytes)
    {
        var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 4096, FileOptions.DeleteOnClose);
        try
        {
            ArchiveDirectory.Check(file, limits.MaxDatasetFiles);
            return new(new ZipArchive(file, ZipArchiveMode.Read), limits, mostBytes);
        }
        catch (Exception e)
        {
            file.Dispose();
            throw e is InvalidDataException or EndOfStreamException
                ? new FoveaException(
                    ErrorCode.BadDataset,
                    $"The zip file is damaged: {e.Message.TrimEnd('.')}. Expected a whole zip file of class folders.",
                    e)
                : e;
        }
    }

    /// <summary>
    /// Unpacks a file, if its first 64 bytes are those of an image. May be called from many threads; one file is unpacked at a time.
    /// </summary>
    /// <exception cref="FoveaException">The file cannot be unpacked, is no image, or is too large; or all unpacked files together are too
    /// large.</exception>
    public byte[] Read(ArchivedFile file)
    {
        lock (gate)
        {
            try
            {
                using var stream = file.Entry.Open();
                var start = new byte[Math.Min(64, mostBytes)];
                int length = stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
                if (length > 0 && ImageFormat.Of(start.AsSpan(0, length)) is null)
                {
                    throw new FoveaException(ErrorCode.NotAnImage, $"It is no image of a known format; expected {ImageFormat.Known}.");
                }

                using var bytes = new MemoryStream(start.Length);
                bytes.Write(start, 0, length);
                var piece = new byte[64 << 10];
                for (int read; (read = stream.Read(piece)) > 0;)
                {
                    bytes.Write(piece, 0, read);
                    RequestBody.RefuseOver(mostBytes, "It", bytes.Length);
                }

                unpackedLeft -= bytes.Length;
                return unpackedLeft >= 0 ? bytes.ToArray() : throw new InvalidDataException("it unpacks to more than its directory says");
            }
            catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
            {
                throw new FoveaException(ErrorCode.DamagedImage, $"It cannot be unpacked: {e.Message.TrimEnd('.')}.", e);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => zip.Dispose();

    private static bool IsFolder(ZipArchiveEntry entry) => entry.FullName.EndsWith('/') || entry.FullName.EndsWith('\\');

    private static void RefuseBomb(ArchivedFile[] files, long most)
    {
        if (files.Sum(file => (decimal)file.Entry.Length) is var unpacked && unpacked > most)
        {
            throw new FoveaException(ErrorCode.TooLarge, $"The archive unpacks to {unpacked:N0} bytes; expected at most {most:N0}.");
        }
    }

    private string? WhyNot(ArchivedFile file)
    {
        var entry = file.Entry;
        int type = (entry.ExternalAttributes >>> 16) & TypeMask;
        return ArchivePath.WhyNot(file.Names)
            ?? (type == LinkType ? "It is a link; expected the file itself."
            : type is not (0 or RegularType) ? "It is no regular file."
            : entry.IsEncrypted ? "It is encrypted; expected an archive without a password."
            : entry.Length > mostBytes ? $"It has {entry.Length:N0} bytes; expected at most {mostBytes:N0}."
            : entry.Length > SmallBytes && entry.Length / Math.Max(1, entry.CompressedLength) > MostRatio
                ? $"It unpacks to more than {MostRatio} times its size."
            : null);
    }
}

/// <summary>A file of an archive.</summary>
/// <param name="Entry">The entry of the archive.</param>
/// <param name="Names">The names of its folders, outermost first, and then its own name.</param>
internal sealed record ArchivedFile(ZipArchiveEntry Entry, IReadOnlyList<string> Names)
{
    /// <summary>The path that the archive gives it, with forward slashes.</summary>
    public string Path => string.Join('/', Names);
}
