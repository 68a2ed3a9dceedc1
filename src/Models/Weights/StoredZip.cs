using System.Buffers.Binary;
using System.Text;
using Fovea.Models.Errors;

namespace Fovea.Models.Weights;

/// <summary>
/// Reads a zip file whose entries are stored without compression, as torch.save writes them. The contents of entries are slices of the
/// file's memory and are not copied. The 64-bit fields of large files are supported (APPNOTE.TXT 4.3).
/// </summary>
internal static class StoredZip
{
    // The signatures, and the lengths in bytes, of the records that APPNOTE.TXT 4.3 defines.
    private const uint
        EndSignature = 0x06054b50, End64Signature = 0x06064b50, Locator64Signature = 0x07064b50, CentralSignature = 0x02014b50,
        LocalSignature = 0x04034b50;
    private const int
        EndLength = 22, Locator64Length = 20, End64Length = 56, CentralLength = 46, LocalLength = 30, MaxCommentLength = 65535;

    /// <summary>The contents of all entries by their paths.</summary>
    /// <exception cref="FoveaException">
    /// The file is damaged, or an entry is compressed or encrypted. The message does not contain the path; the caller adds it.
    /// </exception>
    public static Dictionary<string, ReadOnlyMemory<byte>> Entries(ReadOnlyMemory<byte> file)
    {
        var (count, at) = FindDirectory(file.Span);
        var entries = new Dictionary<string, ReadOnlyMemory<byte>>();
        for (long i = 0; i < count; i++)
        {
            var header = Part(file.Span, at, CentralLength, CentralSignature);
            int nameLength = UInt16(header, 28), extraLength = UInt16(header, 30), commentLength = UInt16(header, 32);
            var name = Encoding.UTF8.GetString(Part(file.Span, at + CentralLength, nameLength));
            var (length, packed, local) = Sizes(header, Part(file.Span, at + CentralLength + nameLength, extraLength));
            if (UInt16(header, 10) != 0 || (UInt16(header, 8) & 1) != 0 || packed != length)
            {
                throw Damaged($"its entry {name} is compressed or encrypted; expected stored entries, as torch.save writes them");
            }

            var start = Part(file.Span, local, LocalLength, LocalSignature);
            long data = local + LocalLength + UInt16(start, 26) + UInt16(start, 28);
            Part(file.Span, data, length);
            if (!entries.TryAdd(name, file.Slice((int)data, (int)length)))
            {
                throw Damaged($"it has two entries {name}; expected one");
            }

            at += CentralLength + nameLength + extraLength + commentLength;
        }

        return entries;
    }

    // The end record holds the number of entries and the directory's position. A comment of at most 65,535 bytes may follow the end record,
    // so the record's signature is searched backwards from the end of the file. If a 64-bit locator comes before the end record, the 64-bit
    // end record is read instead.
    private static (long Count, long Offset) FindDirectory(ReadOnlySpan<byte> file)
    {
        int first = Math.Max(0, file.Length - EndLength - MaxCommentLength);
        for (int at = file.Length - EndLength; at >= first; at--)
        {
            if (UInt32(file, at) != EndSignature)
            {
                continue;
            }

            if (at < Locator64Length || UInt32(file, at - Locator64Length) != Locator64Signature)
            {
                return (UInt16(file, at + 10), UInt32(file, at + 16));
            }

            var end64 = Part(file, Int64(file, at - Locator64Length + 8), End64Length, End64Signature);
            return (Int64(end64, 32), Int64(end64, 48));
        }

        throw Damaged("it has no directory at its end");
    }

    // A number that does not fit into 32 bits is written as 2^32 - 1 in the header. The extra field with the number 1 then holds its 64-bit
    // value. The field contains only such numbers, in the order length, packed length, position.
    private static (long Length, long Packed, long Local) Sizes(ReadOnlySpan<byte> header, ReadOnlySpan<byte> extra)
    {
        long length = UInt32(header, 24), packed = UInt32(header, 20), local = UInt32(header, 42);
        while (extra.Length >= 4)
        {
            var field = Part(extra, 4, UInt16(extra, 2));
            if (UInt16(extra, 0) == 1)
            {
                length = Widen(length, ref field);
                packed = Widen(packed, ref field);
                local = Widen(local, ref field);
            }

            extra = extra[(4 + UInt16(extra, 2))..];
        }

        return (length, packed, local);
    }

    private static long Widen(long value, ref ReadOnlySpan<byte> field)
    {
        if (value != uint.MaxValue)
        {
            return value;
        }

        value = Int64(Part(field, 0, 8), 0);
        field = field[8..];
        return value;
    }

    private static ReadOnlySpan<byte> Part(ReadOnlySpan<byte> file, long at, long length, uint signature)
    {
        var part = Part(file, at, length);
        return UInt32(part, 0) == signature ? part : throw Damaged($"it has no header at byte {at}");
    }

    private static ReadOnlySpan<byte> Part(ReadOnlySpan<byte> file, long at, long length) =>
        at >= 0 && length >= 0 && at <= file.Length && length <= file.Length - at
            ? file.Slice((int)at, (int)length)
            : throw Damaged($"it refers to {length} bytes at byte {at}; expected them within its {file.Length} bytes");

    private static ushort UInt16(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);

    private static uint UInt32(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

    private static long Int64(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadInt64LittleEndian(bytes[at..]);

    private static FoveaException Damaged(string reason) => new(ErrorCode.BadModelFile, $"the zip file cannot be read: {reason}.");
}
