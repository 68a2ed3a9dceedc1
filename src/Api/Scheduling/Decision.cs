
namespace Fovea.Api.Scheduling;

/// <summary>The next step of the scheduler.</summary>
internal enum Step
{
    /// <summary>Do nothing until the state changes.</summary>
    Wait,

    /// <summary>Run the first queued slice.</summary>
    RunQueued,

    /// <summary>Close the open batch, cut it into slices, and queue the slices.</summary>
    Cut,
}

/// <summary>A decision of <see cref="SchedulingPolicy"/>.</summary>
/// <param name="Step">The next step.</param>
/// <param name="Slices">
/// For <see cref="Step.Cut"/>: the number of slices, which are as equal as possible; 0: <paramref name="Size"/> gives their size.
/// </param>
/// <param name="Size">
/// For <see cref="Step.Cut"/> with 0 <paramref name="Slices"/>: the number of images in each slice. The last slice has the remaining
/// images.
/// </param>
/// <param name="Spread">For <see cref="Step.Cut"/>: whether the run of each slice is spread over all execution slots.</param>
internal readonly record struct Decision(Step Step, int Slices = 0, int Size = 0, bool Spread = false)
{
    /// <summary>Do nothing until the state changes.</summary>
    public static readonly Decision Wait = new(Step.Wait);

    /// <summary>Run the first queued slice.</summary>
    public static readonly Decision RunQueued = new(Step.RunQueued);

    /// <summary>Returns the number of images in the next slice of a batch.</summary>
    /// <param name="cut">The number of slices that were cut before.</param>
    /// <param name="left">The number of images that are in none of these slices, at least 1.</param>
    public int NextSlice(int cut, int left) => Slices > 0 ? left / (Slices - cut) : Math.Min(Size, left);
}
