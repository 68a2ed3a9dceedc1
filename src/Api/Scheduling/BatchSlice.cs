using Fovea.Models.Runtime;

namespace Fovea.Api.Scheduling;

/// <summary>Images of one batch that run together.</summary>
/// <param name="Batch">The batch.</param>
/// <param name="First">The slot of the first image.</param>
/// <param name="Count">The number of images, at least 1.</param>
/// <param name="Session">The session that runs them, one of the batch's own.</param>
/// <param name="IsTimed">Whether tuning wants to know how long the run takes.</param>
internal readonly record struct BatchSlice(ImageBatch Batch, int First, int Count, ModelSession Session, bool IsTimed)
{
    /// <summary>The execution slots that the run holds.</summary>
    /// <param name="all">The model's slots.</param>
    public int SlotsOf(int all) => Session.Kind.Spread ? all : 1;
}
