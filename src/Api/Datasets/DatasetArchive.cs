using System.IO.Compression;
using Fovea.Models;

namespace Fovea.Api;

/// <summary>An uploaded zip file whose directory was read and held against the limits; nothing is unpacked yet.</summary>
internal sealed class DatasetArchive : IDisposable
{
    // Photos hardly shrink; drawings may, to a hundredth.
    private const int MostRatio = 200, SmallBytes = 1 << 20;

    // The file's type in the upper half of the attributes, as Unix has it.
    private const int TypeMask = 0xF000, LinkType = 0xA000, RegularType = 0x8000;

    private readonly ZipArchive zip;
    private readonly int mostBytes;
    private readonly Lock gate = new();
    private long unpackedLeft;

    private DatasetArchive(ZipArchive zip, long length, DatasetSettings limits, int mostBytes)
    {
        (this.zip, this.mostBytes, unpackedLeft) = (zip, mostBytes, limits.MaxDatasetBytes);
        var files = zip.Entries.Where(entry => !IsFolder(entry)).Select(entry => new ArchivedFile(entry, ArchivePath.Names(entry.FullName))).Where(file => !ArchivePath.IsLeftover(file.Names)).ToArray();
        RefuseBomb(files, length, limits.MaxDatasetBytes);
        var verdicts = files.Select(file => (File: file, Reason: WhyNot(file))).ToArray();
        Files = [.. verdicts.Where(verdict => verdict.Reason is null).Select(verdict => verdict.File)];
        Refused = [.. verdicts.Where(verdict => verdict.Reason is not null).Select(verdict => new RefusedFile(verdict.File.Path, verdict.Reason!))];
    }

    /// <summary>The files that may be looked at, in the order of the archive.</summary>
    public IReadOnlyList<ArchivedFile> Files { get; }

    /// <summary>Those that may not, and why.</summary>
    public IReadOnlyList<RefusedFile> Refused { get; }

    /// <summary>Opens an archive; its file goes when this is disposed of.</summary>
    /// <param name="path">Where it lies.</param>
    /// <param name="limits">Held against its directory, and against what is unpacked.</param>
    /// <param name="mostBytes">The size of one file.</param>
    /// <exception cref="FoveaException">It is no zip file, damaged, or over the limits.</exception>
    public static DatasetArchive Open(string path, DatasetSettings limits, int mostBytes)
    {
        var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 4096, FileOptions.DeleteOnClose);
        try
        {
            ArchiveDirectory.Check(file, limits.MaxDatasetFiles);
            return new(new ZipArchive(file, ZipArchiveMode.Read), file.Length, limits, mostBytes);
        }
        catch (Exception e)
        {
            file.Dispose();
            throw e is InvalidDataException or EndOfStreamException
                ? new FoveaException(ErrorCode.BadDataset, $"The zip file is damaged: {e.Message.TrimEnd('.')}. Expected a whole zip file of class folders.", e)
                : e;
        }
    }

    /// <summary>Unpacks a file, as far as it looks like an image. May be called from many threads.</summary>
    /// <exception cref="FoveaException">It cannot be unpacked, is no image, is too large, or all files together are.</exception>
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

    private static void RefuseBomb(ArchivedFile[] files, long length, long most)
    {
        if (files.Sum(file => (decimal)file.Entry.Length) is var unpacked && unpacked > most)
        {
            throw new FoveaException(ErrorCode.TooLarge, $"The archive unpacks to {unpacked:N0} bytes; expected at most {most:N0}.");
        }

        if (files.Sum(file => (decimal)file.Entry.CompressedLength) is var packed && packed > length)
        {
            throw new FoveaException(ErrorCode.BadDataset, $"The entries of the archive overlap: they have {packed:N0} bytes together, and the archive {length:N0}. Expected each file to have its own.");
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
            : entry.Length > SmallBytes && entry.Length / Math.Max(1, entry.CompressedLength) > MostRatio ? $"It unpacks to more than {MostRatio} times its size."
            : null);
    }
}

/// <summary>A file of an archive.</summary>
/// <param name="Entry">The archive's entry.</param>
/// <param name="Names">Its folders and, last, its own name.</param>
internal sealed record ArchivedFile(ZipArchiveEntry Entry, IReadOnlyList<string> Names)
{
    /// <summary>The path as the archive has it, fit to be shown.</summary>
    public string Path => string.Join('/', Names);
}
