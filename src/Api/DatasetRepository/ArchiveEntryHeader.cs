namespace Fovea.Api.DatasetRepository;

/// <summary>The header of an entry in the directory, with the unchecked values of the file.</summary>
/// <param name="PathBytes">The length in bytes of the path, which follows the header.</param>
/// <param name="ExtraBytes">The length in bytes of the extra fields, which follow the path.</param>
/// <param name="CommentBytes">The length in bytes of the comment, which follows the extra fields.</param>
/// <param name="Packed">The size of the compressed data in bytes; 0xFFFFFFFF if an extra field gives it.</param>
/// <param name="Unpacked">The size of the unpacked file in bytes; 0xFFFFFFFF if an extra field gives it.</param>
/// <param name="Start">The position of the entry's local header in bytes; 0xFFFFFFFF if an extra field gives it.</param>
internal readonly record struct ArchiveEntryHeader(
    ushort PathBytes, ushort ExtraBytes, ushort CommentBytes, uint Packed, uint Unpacked, uint Start)
{
    /// <summary>The length in bytes of the whole entry in the directory.</summary>
    public int Length => 46 + PathBytes + ExtraBytes + CommentBytes;
}
