namespace Fovea.Api.Scheduling;

/// <summary>
/// A collection of the slices whose runs start now. It usually has one slice, so it allocates a list only for the second one.
/// </summary>
internal struct StartingSlices
{
    private BatchSlice first;
    private List<BatchSlice>? others;
    private bool hasFirst;

    public void Add(BatchSlice slice)
    {
        if (hasFirst)
        {
            (others ??= []).Add(slice);
        }
        else
        {
            (first, hasFirst) = (slice, true);
        }
    }

    /// <summary>
    /// Removes all slices and runs them on other threads, so that the calling thread can answer its own request now.
    /// </summary>
    /// <param name="run">Runs a slice.</param>
    /// <param name="runsLong">
    /// Whether a run takes at least some milliseconds. It then gets a new thread, because it would occupy one of the thread pool's few
    /// threads, which requests need.
    /// </param>
    public void RunElsewhere(Action<BatchSlice> run, bool runsLong)
    {
        while (TakeLast() is { } slice)
        {
            if (runsLong)
            {
                new Thread(() => run(slice)) { IsBackground = true, Name = "Run" }.UnsafeStart();
            }
            else
            {
                ThreadPool.UnsafeQueueUserWorkItem(run, slice, preferLocal: false);
            }
        }
    }

    /// <summary>Removes a slice and returns it; null if none is left.</summary>
    public BatchSlice? TakeLast()
    {
        if (others is [.., var last])
        {
            others.RemoveAt(others.Count - 1);
            return last;
        }

        BatchSlice? taken = hasFirst ? first : null;
        hasFirst = false;
        return taken;
    }
}
