namespace Fovea.Api.Scheduling;

/// <summary>
/// A collection of the slices whose runs start now. It usually has one slice, so it allocates a list only for the second one.
/// </summary>
internal struct StartingSlices
{
    private BatchSlice first;
    private List<BatchSlice>? others;
    private bool hasFirst;

    /// <summary>Adds a slice.</summary>
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
