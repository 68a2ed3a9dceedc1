using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Fovea.Models.Kernels;

/// <summary>
/// Working memory of one run or one task of a kernel. Disposing gives it to the next one, of any kernel and on any thread: a long run has a
/// new thread, so memory that belonged to threads would be allocated anew for each run. There are as many blocks as were in use at the same
/// time. The memory is not the garbage collector's, which would keep outgrown blocks of some dozen MB for a long time.
/// </summary>
internal readonly unsafe ref struct TileScratch : IDisposable
{
    private const int LineBytes = 64;

    // The block that was used last is the first to be used again, since it may still be in the processor's cache.
    private static readonly ConcurrentStack<Block> Idle = [];

    private static int users;

    private readonly Block block;

    /// <summary>Takes memory for at least this number of floats. Its content is what earlier tasks left, at first zeros.</summary>
    public TileScratch(int floats)
    {
        nuint bytes = ((nuint)floats * sizeof(float)) + LineBytes;
        if (Idle.TryPop(out block))
        {
            if (block.Bytes >= bytes)
            {
                return;
            }

            NativeMemory.Free((void*)block.Address);
        }

        block = new((nint)NativeMemory.AllocZeroed(bytes), bytes);
    }

    /// <summary>The first float, at the beginning of a cache line.</summary>
    public float* Start => (float*)((block.Address + LineBytes - 1) & -LineBytes);

    /// <summary>Counts a kernel that uses such memory.</summary>
    public static void AddUser() => Interlocked.Increment(ref users);

    /// <summary>Counts a kernel as gone. When none is left, idle memory is freed.</summary>
    public static void RemoveUser()
    {
        if (Interlocked.Decrement(ref users) == 0)
        {
            while (Idle.TryPop(out var idle))
            {
                NativeMemory.Free((void*)idle.Address);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Idle.Push(block);

    private readonly record struct Block(nint Address, nuint Bytes);
}
