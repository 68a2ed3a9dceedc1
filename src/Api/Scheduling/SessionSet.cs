using Fovea.Models.Runtime;

namespace Fovea.Api.Scheduling;

/// <summary>
/// The sessions of a model that may run at one time, and how. A batch belongs to the set that was in use when the batch was made, and runs
/// in sessions of that set only.
/// </summary>
/// <param name="Spread">Spreads a run over all slots; null where no run is spread.</param>
/// <param name="OneSlot">Sessions that run in one slot, the preferred one first; none where runs cannot go on side by side.</param>
/// <param name="LargestSlice">The most images of a slice in one slot, at least 1.</param>
/// <param name="Sizes">
/// The batch sizes of the memory for batches, see <see cref="InferenceBatch.Sizes"/>; the largest is the number of images that one batch
/// gathers.
/// </param>
internal sealed record SessionSet(ModelSession? Spread, IReadOnlyList<ModelSession> OneSlot, int LargestSlice, IReadOnlyList<int> Sizes)
{
    /// <summary>Every session, once.</summary>
    public IEnumerable<ModelSession> All => Spread is null ? OneSlot : OneSlot.Append(Spread);

    /// <summary>The seconds that an image takes in one slot; 0: unknown.</summary>
    public double OneSlotSeconds { get; init; }

    /// <summary>The seconds that an image takes spread over all slots; 0: unknown.</summary>
    public double SpreadSeconds { get; init; }

    /// <summary>The session for a usual run.</summary>
    /// <param name="spread">Whether the run is spread.</param>
    /// <exception cref="InvalidOperationException">The set has no such session.</exception>
    public ModelSession For(bool spread) => (spread ? Spread : OneSlot.Count > 0 ? OneSlot[0] : null)
        ?? throw new InvalidOperationException($"The set has no session that {(spread ? "spreads a run" : "runs in one slot")}.");

    /// <summary>The session of a kind; null where the set has none.</summary>
    public ModelSession? Find(SessionKind kind) => All.FirstOrDefault(session => session.Kind == kind);
}
