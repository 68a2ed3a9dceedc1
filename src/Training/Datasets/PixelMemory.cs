
namespace Fovea.Training.Datasets;

/// <summary>
/// The memory budget for decoded images: a quarter of the memory available to the process, at most 2 GiB. Which images fit into it changes
/// the speed of training, but no result.
/// </summary>
internal sealed class PixelMemory
{
    private long left = Math.Min(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4, 2L << 30);

    /// <summary>Reserves memory. Returns false, and reserves nothing, if the budget is exhausted. Thread-safe.</summary>
    /// <param name="bytes">The size to reserve, in bytes.</param>
    public bool TryReserve(long bytes)
    {
        if (Interlocked.Add(ref left, -bytes) >= 0)
        {
            return true;
        }

        Interlocked.Add(ref left, bytes);
        return false;
    }
}
