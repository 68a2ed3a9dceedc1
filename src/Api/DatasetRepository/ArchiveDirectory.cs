using Fovea.Api.Problems;
using Fovea.Models.Errors;

namespace Fovea.Api.DatasetRepository;

/// <summary>
/// Checks the directory at the end of a zip file (APPNOTE.TXT 4.3) before <see cref="System.IO.Compression.ZipArchive"/> reads it.
/// ZipArchive keeps each entry's name, extra field and comment in memory, in about seven times their size in the file. It ignores the
/// number of entries that the file declares and reads entries until one has no signature. So this class reads the same bytes in the same
/// way, and keeps only the position of each entry's data.
/// </summary>
internal static class ArchiveDirectory
{
    // Common file systems allow paths of 4,096 bytes and names of 255 bytes. No path of an image in an archive needs more than this.
    private const int MostPathBytes = 1024;

    // Common zip programs write less than 100 bytes of extra fields and comments: time stamps, owners, sizes over 4 GiB.
    private const int MostExtraBytes = 4096;

    // The directory may have BytesForAll, plus BytesForEach for each allowed entry: a header of 46 bytes, and on average 82 bytes for the
    // entry's path and extra field together.
    private const long BytesForEach = 128, BytesForAll = 64 << 10;

    /// <summary>Refuses an archive whose directory is missing or over the limits, or whose entries share bytes.</summary>
    /// <param name="archive">The zip file; its position is changed.</param>
    /// <param name="mostEntries">
    /// The largest allowed number of entries, including folders; at least 1. The directory may have 128 bytes for each of them, plus 64
    /// KiB.
    /// </param>
    /// <exception cref="RefusalException"><see cref="ServiceError.TooLarge"/>: there are too many entries, or the directory has too many
    /// bytes. <see cref="ErrorCode.BadDataset"/>: the directory is missing, a path is too long, or two entries overlap.</exception>
    public static void Check(Stream archive, int mostEntries)
    {
        long start = ArchiveEnd.DirectoryStart(archive), most = BytesForAll + (BytesForEach * mostEntries), bytes = 0;
        var reader = new ArchiveEntryReader(new BufferedStream(archive, 64 << 10) { Position = start });
        var places = new List<(long Start, long End)>();
        while (reader.TryReadHeader(out var entry))
        {
            if (places.Count == mostEntries)
            {
                throw new ServiceException(
                    ServiceError.TooLarge,
                    $"The archive has more than the {mostEntries:N0} entries allowed (Fovea:MaxDatasetFiles).");
            }

            if (entry.PathBytes > MostPathBytes)
            {
                throw Bad($"A path in the archive has {entry.PathBytes:N0} bytes; expected at most {MostPathBytes:N0}.");
            }

            if (entry.ExtraBytes + entry.CommentBytes > MostExtraBytes)
            {
                throw Bad(
                    $"An entry of the archive has {entry.ExtraBytes + entry.CommentBytes:N0} bytes of extra fields and comments; "
                        + $"expected at most {MostExtraBytes:N0}.");
            }

            if ((bytes += entry.Length) > most)
            {
                throw new ServiceException(
                    ServiceError.TooLarge,
                    $"The directory of the archive has more than {most:N0} bytes; expected at most {BytesForEach} for each of the "
                        + $"{mostEntries:N0} entries allowed (Fovea:MaxDatasetFiles). Shorter paths need fewer bytes.");
            }

            places.Add(reader.ReadPlace(entry));
        }

        RefuseOverlap(places, start);
    }

    // Throws if two entries share bytes: a small archive whose entries share their data can unpack to a huge size.
    private static void RefuseOverlap(List<(long Start, long End)> places, long directory)
    {
        places.Sort();
        long free = 0;
        foreach (var (start, end) in places)
        {
            if (start < free || end > directory)
            {
                throw Bad($"The entries of the archive overlap: the data of one entry begin at byte {start:N0} and end at byte {end:N0}, "
                    + "and another entry or the directory uses some of the same bytes; expected separate bytes for each file.");
            }

            free = end;
        }
    }

    private static FoveaException Bad(string message) => new(ErrorCode.BadDataset, message);
}
