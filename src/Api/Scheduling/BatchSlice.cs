using Fovea.Models.Runtime;

namespace Fovea.Api.Scheduling;

/// <summary>A range of images of one batch that run together.</summary>
/// <param name="Batch">The batch.</param>
/// <param name="First">The index of the first image's slot in the batch, from 0.</param>
/// <param name="Count">The number of images, at least 1.</param>
/// <param name="Session">The session that runs the slice. It belongs to the batch's session set.</param>
/// <param name="IsTimed">Whether the run is timed for tuning.</param>
internal readonly record struct BatchSlice(ImageBatch Batch, int First, int Count, ModelSession Session, bool IsTimed)
{
    /// <summary>The number of execution slots that the run holds: all if it is spread over all cores, otherwise 1.</summary>
    /// <param name="all">The number of the model's execution slots.</param>
    public int SlotsOf(int all) => Session.Kind.Spread ? all : 1;
}
