namespace Fovea.Api.Scheduling;

/// <summary>The slices that start now. Usually there is one, which takes no memory of its own.</summary>
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

    /// <summary>Takes a slice out; null where there is none.</summary>
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
