using System.Buffers.Binary;
using Fovea.Models.Errors;

namespace Fovea.Api.DatasetRepository;

/// <summary>The record at the end of a zip file with the position of the file's directory (APPNOTE.TXT 4.3.14 to 4.3.16).</summary>
internal static class ArchiveEnd
{
    private const uint End64Signature = 0x06064b50, Locator64Signature = 0x07064b50;
    private const int EndLength = 22, Locator64Length = 20, End64Length = 56, LongestComment = ushort.MaxValue;

    /// <summary>Returns the position of the directory's first byte; at most the archive's length.</summary>
    /// <exception cref="FoveaException"><see cref="ErrorCode.BadDataset"/>: the archive has no such record.</exception>
    public static long DirectoryStart(Stream archive)
    {
        var tail = new byte[(int)Math.Min(archive.Length, EndLength + LongestComment + Locator64Length)];
        archive.Position = archive.Length - tail.Length;
        archive.ReadExactly(tail);
        int end = tail.AsSpan().LastIndexOf("PK\x05\x06"u8);
        if (end < 0 || end + EndLength > tail.Length)
        {
            throw new FoveaException(
                ErrorCode.BadDataset,
                "The body is not a zip file, or was cut off: it has no directory at its end. Expected a whole zip file of class folders.");
        }

        uint start = UInt32(tail, end + 16);
        bool is64 = start == uint.MaxValue || UInt16(tail, end + 4) == ushort.MaxValue || UInt16(tail, end + 10) == ushort.MaxValue;
        if (is64 && end >= Locator64Length && UInt32(tail, end - Locator64Length) == Locator64Signature)
        {
            var end64 = new byte[End64Length];
            archive.Position = Inside(archive, UInt64(tail, end - Locator64Length + 8));
            if (archive.ReadAtLeast(end64, End64Length, throwOnEndOfStream: false) == End64Length && UInt32(end64, 0) == End64Signature)
            {
                return Inside(archive, UInt64(end64, 48));
            }
        }

        return Inside(archive, start);
    }

    private static long Inside(Stream archive, ulong place) => (long)Math.Min(place, (ulong)archive.Length);

    private static ushort UInt16(byte[] bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(at));

    private static uint UInt32(byte[] bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at));

    private static ulong UInt64(byte[] bytes, int at) => BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(at));
}
