
namespace Fovea.Api.Scheduling;

/// <summary>A step of the scheduler.</summary>
internal enum Step
{
    /// <summary>Nothing, until the state changes.</summary>
    Wait,

    /// <summary>The first queued slice runs.</summary>
    RunQueued,

    /// <summary>The open batch is closed, and cut into slices that are queued.</summary>
    Cut,
}

/// <summary>A decision of <see cref="SchedulingPolicy"/>.</summary>
/// <param name="Step">What happens next.</param>
/// <param name="Slices">
/// With <see cref="Step.Cut"/>: into how many slices, as equal as can be; 0: into slices of <paramref name="Size"/>.
/// </param>
/// <param name="Size">
/// With <see cref="Step.Cut"/> and no number of slices: the images of each slice but the last, which has the rest.
/// </param>
/// <param name="Spread">With <see cref="Step.Cut"/>: whether each slice is spread over all slots.</param>
internal readonly record struct Decision(Step Step, int Slices = 0, int Size = 0, bool Spread = false)
{
    /// <summary>Nothing happens.</summary>
    public static readonly Decision Wait = new(Step.Wait);

    /// <summary>The first queued slice runs.</summary>
    public static readonly Decision RunQueued = new(Step.RunQueued);

    /// <summary>The sizes of the slices of a batch.</summary>
    /// <param name="images">The images of the batch, at least 1.</param>
    public IEnumerable<int> SliceSizes(int images)
    {
        int slices = Slices > 0 ? Slices : (images + Size - 1) / Size;
        for (int i = 0; i < slices; i++)
        {
            int size = Slices > 0 ? images / (slices - i) : Math.Min(Size, images);
            images -= size;
            yield return size;
        }
    }
}
