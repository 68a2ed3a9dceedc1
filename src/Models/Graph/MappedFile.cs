using System.Buffers;
using System.IO.MemoryMappedFiles;

namespace Fovea.Models;

/// <summary>A file as read-only memory, paged in by the operating system as it is read. At most 2 GiB.</summary>
internal sealed unsafe class MappedFile : MemoryManager<byte>
{
    private readonly MemoryMappedFile file;
    private readonly MemoryMappedViewAccessor view;
    private readonly byte* start;
    private readonly int length;

    public MappedFile(string path)
    {
        long size = new FileInfo(path).Length;
        if (size is 0 or > int.MaxValue)
        {
            throw new FoveaException(ErrorCode.BadModelFile, $"it has {size} bytes; expected a file of 1 byte to 2 GiB.");
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
