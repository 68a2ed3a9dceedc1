using System.Buffers;
using System.IO.MemoryMappedFiles;
using Fovea.Models.Errors;

namespace Fovea.Models.Files;

/// <summary>
/// A read-only memory mapping of a file of 1 byte to 2 GiB. The operating system loads each page of the file at the first read.
/// </summary>
internal sealed unsafe class MappedFile : MemoryManager<byte>
{
    private readonly MemoryMappedFile file;
    private readonly MemoryMappedViewAccessor view;
    private readonly byte* start;
    private readonly int length;

    /// <exception cref="FoveaException">
    /// The file is empty or larger than 2 GiB. The message does not contain the path; the caller adds it.
    /// </exception>
    /// <exception cref="IOException">The file is missing or cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The user may not read the file.</exception>
    public MappedFile(string path)
    {
        long size = new FileInfo(path).Length;
        if (size is 0 or > int.MaxValue)
        {
            throw new FoveaException(ErrorCode.BadModelFile, $"the size of the file is {size} bytes; expected 1 byte to 2 GiB.");
        }

        length = (int)size;
        file = MemoryMappedFile.CreateFromFile(path, FileMode.Open, mapName: null, capacity: 0, MemoryMappedFileAccess.Read);
        view = file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
    }

    public override Span<byte> GetSpan() => new(start, length);

    public override MemoryHandle Pin(int elementIndex = 0) => new(start + elementIndex);

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
        view.SafeMemoryMappedViewHandle.ReleasePointer();
        view.Dispose();
        file.Dispose();
    }
}
