using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace Fovea.Models.Kernels;

/// <summary>
/// Working memory of one task of a kernel. Disposing gives it to the next task, of any kernel and on any thread: a long run has a new
/// thread, so memory that belonged to threads would be allocated anew for each run. There are as many blocks as tasks ran at the same time.
/// </summary>
internal readonly unsafe ref struct TileScratch : IDisposable
{
    private const int LineBytes = 64;

    // The block that was used last is the first to be used again, since it may still be in the processor's cache.
    private static readonly ConcurrentStack<float[]> Idle = [];

    private readonly float[] block;

    /// <summary>Takes memory for at least this number of floats. Its content is what earlier tasks left, at first zeros.</summary>
    public TileScratch(int floats)
    {
        int length = floats + (LineBytes / sizeof(float));

        // A block that is too short is left to the garbage collector. The longer one that replaces it is long enough for both kernels.
        block = Idle.TryPop(out var idle) && idle.Length >= length ? idle : GC.AllocateArray<float>(length, pinned: true);
    }

    /// <summary>The first float, at the beginning of a cache line.</summary>
    public float* Start => (float*)(((nint)Unsafe.AsPointer(ref block[0]) + LineBytes - 1) & -LineBytes);

    /// <summary>Leaves all idle memory to the garbage collector.</summary>
    public static void Free() => Idle.Clear();

    /// <inheritdoc/>
    public void Dispose() => Idle.Push(block);
}
