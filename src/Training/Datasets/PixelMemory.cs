namespace Fovea.Training;

/// <summary>The memory that decoded images may stay in: a quarter of what the process may have, at most 2 GiB. Which images stay changes no result.</summary>
internal sealed class PixelMemory
{
    private long left = Math.Min(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4, 2L << 30);

    /// <summary>Takes so many bytes, where they are left. May be called from many threads.</summary>
    public bool Take(long bytes)
    {
        if (Interlocked.Add(ref left, -bytes) >= 0)
        {
            return true;
        }

        Interlocked.Add(ref left, bytes);
        return false;
    }
}
