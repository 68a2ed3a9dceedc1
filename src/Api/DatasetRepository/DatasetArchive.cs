using System.IO.Compression;
using Fovea.Api.Problems;
using Fovea.Api.Requests;
using Fovea.Api.Storage;
using Fovea.Models.Annotations;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Imaging;

namespace Fovea.Api.DatasetRepository;

/// <summary>
/// An uploaded zip file, whose directory has been read and checked against the limits. <see cref="Read"/> unpacks one file at a time.
/// </summary>
internal sealed class DatasetArchive : IDisposable
{
    // Zip hardly compresses photos, and compresses drawings at most about 100 times, so a higher ratio points to a zip bomb. Files up to
    // SmallBytes may have any ratio.
    private const int MostRatio = 200, SmallBytes = 1 << 20;

    // The limit for a list of labels. The list of a million images has about 50 MB.
    private const int MostListBytes = 256 << 20;

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
            .Where(file => !PassedOver.IsLeftover(file.Names)).ToArray();
        Folders =
        [
            .. zip.Entries.Where(IsFolder).Select(entry => ArchivePath.Names(entry.FullName[..^1]))
                .Where(names => ArchivePath.WhyNot(names, everywhere: false) is null),
        ];
        RefuseBomb(files, limits.MaxDatasetBytes);
        var verdicts = files.Select(file => (File: file, Reason: WhyNot(file))).ToArray();
        Files = [.. verdicts.Where(verdict => verdict.Reason is null).Select(verdict => verdict.File)];
        Refused =
        [
            .. verdicts.Where(verdict => verdict.Reason is not null).Select(verdict => new RefusedFile(verdict.File.Path, verdict.Reason!)),
        ];
    }

    /// <summary>The files that may be unpacked, in the archive's order.</summary>
    public IReadOnlyList<ArchivedFile> Files { get; }

    /// <summary>The files that may not be unpacked, each with the reason.</summary>
    public IReadOnlyList<RefusedFile> Refused { get; }

    /// <summary>The folders that the archive lists, each as the names of its path, outermost first.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Folders { get; }

    /// <summary>Opens an archive. Disposing of the result deletes the zip file.</summary>
    /// <param name="path">The path of the zip file.</param>
    /// <param name="limits">The limits of the number of entries, and of the size of all unpacked files together.</param>
    /// <param name="mostBytes">The largest size of one unpacked file, in bytes.</param>
    /// <exception cref="RefusalException">The file is not a zip file, is damaged, or exceeds a limit.</exception>
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
    /// Unpacks a file if its first bytes are those of an image. Many threads may call this, but only one file at a time is unpacked.
    /// </summary>
    /// <exception cref="RefusalException">The file cannot be unpacked, is not an image, or is too large; or all unpacked files together are
    /// too large.</exception>
    public byte[] Read(ArchivedFile file) => Unpack(file, mostBytes, isImage: true);

    /// <summary>Unpacks a list of labels as text.</summary>
    /// <exception cref="RefusalException">
    /// The file cannot be unpacked or has more than 256 MiB, or all unpacked files together are too large.
    /// </exception>
    public string ReadText(ArchivedFile file)
    {
        using var reader = new StreamReader(new MemoryStream(Unpack(file, MostListBytes, isImage: false)));
        return reader.ReadToEnd();
    }

    /// <inheritdoc/>
    public void Dispose() => zip.Dispose();

    private byte[] Unpack(ArchivedFile file, int most, bool isImage)
    {
        lock (gate)
        {
            try
            {
                using var stream = file.Entry.Open();
                var start = new byte[Math.Min(ImageFormat.SignatureBytes, mostBytes)];
                int length = stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
                if (isImage && length > 0 && ImageFormat.Of(start.AsSpan(0, length)) is not { IsDecoded: true })
                {
                    throw ImageFormat.NotDecoded(start.AsSpan(0, length), file.Entry.Length);
                }

                using var bytes = new MemoryStream(start.Length);
                bytes.Write(start, 0, length);
                var piece = new byte[64 << 10];
                for (int read; (read = stream.Read(piece)) > 0;)
                {
                    bytes.Write(piece, 0, read);
                    RequestBody.RefuseOver(most, "The file", bytes.Length);
                }

                unpackedLeft -= bytes.Length;
                return unpackedLeft >= 0 ? bytes.ToArray()
                    : throw new InvalidDataException("it unpacks to more bytes than the archive's directory says");
            }
            catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
            {
                throw new FoveaException(ErrorCode.DamagedImage, $"The file cannot be unpacked: {e.Message.TrimEnd('.')}.", e);
            }
        }
    }

    private static bool IsFolder(ZipArchiveEntry entry) => entry.FullName.EndsWith('/') || entry.FullName.EndsWith('\\');

    private static void RefuseBomb(ArchivedFile[] files, long most)
    {
        if (files.Sum(file => (decimal)file.Entry.Length) is var unpacked && unpacked > most)
        {
            throw new ServiceException(ServiceError.TooLarge, $"The archive unpacks to {unpacked:N0} bytes; expected at most {most:N0}.");
        }
    }

    private string? WhyNot(ArchivedFile file)
    {
        var entry = file.Entry;
        int type = (entry.ExternalAttributes >>> 16) & TypeMask;
        return ArchivePath.WhyNot(file.Names, everywhere: false)
            ?? (type == LinkType ? "The file is a link; expected the file itself."
            : type is not (0 or RegularType) ? "The file is not a regular file."
            : entry.IsEncrypted ? "The file is encrypted; expected an archive without a password."
            : entry.Length > mostBytes ? $"The file has {entry.Length:N0} bytes; expected at most {mostBytes:N0}."
            : entry.Length > SmallBytes && entry.Length / Math.Max(1, entry.CompressedLength) > MostRatio
                    ? $"The file unpacks to more than {MostRatio} times its size; expected at most {MostRatio} times."
            : null);
    }
}
