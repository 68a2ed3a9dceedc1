using System.Buffers.Binary;

namespace Fovea.Api.DatasetRepository;

/// <summary>Reads the entries of a zip file's directory one after the other (APPNOTE.TXT 4.3.12).</summary>
/// <param name="stream">
/// The zip file, positioned at the first entry of its directory. The stream is buffered, because the reader reads small pieces.
/// </param>
internal sealed class ArchiveEntryReader(BufferedStream stream)
{
    private const uint Signature = 0x02014b50;
    private const int HeaderLength = 46, LocalHeaderLength = 30;

    // The extra field that holds sizes and positions which do not fit into 32 bits (APPNOTE.TXT 4.5.3).
    private const ushort Zip64Field = 1;

    private readonly byte[] header = new byte[HeaderLength];
    private readonly byte[] extra = new byte[ushort.MaxValue];

    /// <summary>
    /// Reads the header of the next entry. Returns false at the end of the directory. Between two headers, call <see cref="ReadPlace"/>.
    /// </summary>
    public bool TryReadHeader(out ArchiveEntryHeader entry)
    {
        entry = default;
        if (stream.ReadAtLeast(header, HeaderLength, throwOnEndOfStream: false) < HeaderLength || UInt32(header, 0) != Signature)
        {
            return false;
        }

        entry = new(UInt16(header, 28), UInt16(header, 30), UInt16(header, 32), UInt32(header, 20), UInt32(header, 24), UInt32(header, 42));
        return true;
    }

    /// <summary>
    /// Reads the rest of the entry. Returns two positions in the file, in bytes: the start of the entry's local header, and the earliest
    /// possible end of the entry's data.
    /// </summary>
    /// <exception cref="EndOfStreamException">The file ends in the middle of the entry.</exception>
    public (long Start, long End) ReadPlace(ArchiveEntryHeader entry)
    {
        stream.Seek(entry.PathBytes, SeekOrigin.Current);
        stream.ReadExactly(extra, 0, entry.ExtraBytes);
        stream.Seek(entry.CommentBytes, SeekOrigin.Current);
        var (packed, start) = Wide(entry, extra.AsSpan(0, entry.ExtraBytes));
        const ulong Most = long.MaxValue / 2;
        ulong end = Math.Min(start, Most) + LocalHeaderLength + Math.Min(packed, Most);
        return ((long)Math.Min(start, Most), (long)Math.Min(end, long.MaxValue));
    }

    // Returns the packed size and the start of an entry. If the header gives a value as 0xFFFFFFFF, the extra field has it. The extra field
    // has only such values, in this order: unpacked size, packed size, start.
    private static (ulong Packed, ulong Start) Wide(ArchiveEntryHeader entry, ReadOnlySpan<byte> fields)
    {
        ulong packed = entry.Packed, start = entry.Start;
        while (fields.Length >= 4)
        {
            int length = Math.Min(BinaryPrimitives.ReadUInt16LittleEndian(fields[2..]), fields.Length - 4);
            var field = fields.Slice(4, length);
            if (BinaryPrimitives.ReadUInt16LittleEndian(fields) == Zip64Field)
            {
                _ = entry.Unpacked == uint.MaxValue ? Next(ref field, 0) : 0;
                packed = entry.Packed == uint.MaxValue ? Next(ref field, packed) : packed;
                start = entry.Start == uint.MaxValue ? Next(ref field, start) : start;
                break;
            }

            fields = fields[(4 + length)..];
        }

        return (packed, start);
    }

    private static ulong Next(ref ReadOnlySpan<byte> field, ulong otherwise)
    {
        if (field.Length < sizeof(ulong))
        {
            return otherwise;
        }

        ulong value = BinaryPrimitives.ReadUInt64LittleEndian(field);
        field = field[sizeof(ulong)..];
        return value;
    }

    private static ushort UInt16(byte[] bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(at));

    private static uint UInt32(byte[] bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(at));
}
