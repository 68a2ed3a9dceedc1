using Fovea.Models;

namespace Fovea.Api;

/// <summary>
/// Checks the directory at the end of a zip file (APPNOTE.TXT 4.3) before <see cref="System.IO.Compression.ZipArchive"/> reads it. That
/// reader keeps each entry's name, extra field and comment in memory, in about seven times the bytes that they have in the file, and it
/// reads entries until one has no signature, whatever number of entries the file declares. So this walks the same bytes in the same way
/// and keeps only where each entry's data lie.
/// </summary>
internal static class ArchiveDirectory
{
    // A path on the common file systems has at most 4,096 bytes, and one name in it 255. A longer one is no image's.
    private const int MostPathBytes = 1024;

    // Common zip programs write less than 100 bytes of these: time stamps, owners, sizes over 4 GiB.
    private const int MostExtraBytes = 4096;

    // A header of 46 bytes, and a path and an extra field of 82 bytes together, on average over the most entries that are allowed.
    private const long BytesForEach = 128, BytesForAll = 64 << 10;

    /// <summary>Refuses an archive whose directory is missing or over the limits, or whose entries share bytes.</summary>
    /// <param name="archive">The zip file; its position is changed.</param>
    /// <param name="mostEntries">The most entries that are allowed, folders included; at least 1. The directory may have 128 bytes for
    /// each of them, and 64 KiB.</param>
    /// <exception cref="FoveaException"><see cref="ErrorCode.TooLarge"/>: there are too many entries, or the directory has too many bytes.
    /// <see cref="ErrorCode.BadDataset"/>: there is no directory, a path is too long, or two entries overlap.</exception>
    public static void Check(Stream archive, int mostEntries)
    {
        long start = ArchiveEnd.DirectoryStart(archive), most = BytesForAll + (BytesForEach * mostEntries), bytes = 0;
        var reader = new ArchiveEntryReader(new BufferedStream(archive, 64 << 10) { Position = start });
        var places = new List<(long Start, long End)>();
        while (reader.TryReadHeader(out var entry))
        {
            if (places.Count == mostEntries)
            {
                throw new FoveaException(
                    ErrorCode.TooLarge,
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
                throw new FoveaException(
                    ErrorCode.TooLarge,
                    $"The directory of the archive has more than {most:N0} bytes; expected at most {BytesForEach} for each of the "
                        + $"{mostEntries:N0} entries allowed (Fovea:MaxDatasetFiles). Shorter paths take less.");
            }

            places.Add(reader.ReadPlace(entry));
        }

        RefuseOverlap(places, start);
    }

    // Entries that share their data are how a small archive unpacks to a vast one.
    private static void RefuseOverlap(List<(long Start, long End)> places, long directory)
    {
        places.Sort();
        long free = 0;
        foreach (var (start, end) in places)
        {
            if (start < free || end > directory)
            {
                throw Bad($"The entries of the archive overlap: the data of one begin at byte {start:N0} and end at byte {end:N0}, and "
                    + "those bytes are not its own. Expected each file to have its own.");
            }

            free = end;
        }
    }

    private static FoveaException Bad(string message) => new(ErrorCode.BadDataset, message);
}
