using System.Runtime.CompilerServices;

namespace Fovea.Models.Kernels;

/// <summary>
/// Working memory of the kernels, one block for each thread. All kernels that run on a thread use the same block, so it mostly stays in the
/// processor's cache.
/// </summary>
internal static unsafe class TileScratch
{
    private const int LineBytes = 64;

    [ThreadStatic]
    private static float[]? block;

    /// <summary>
    /// Returns memory for at least this number of floats, aligned to a cache line. It is valid until the next call on the same thread. Its
    /// content is finite numbers.
    /// </summary>
    public static float* Get(int floats)
    {
        int length = floats + (LineBytes / sizeof(float));
        if (block is null || block.Length < length)
        {
            block = GC.AllocateArray<float>(length, pinned: true);
        }

        nint address = (nint)Unsafe.AsPointer(ref block[0]);
        return (float*)((address + LineBytes - 1) & -LineBytes);
    }
}
