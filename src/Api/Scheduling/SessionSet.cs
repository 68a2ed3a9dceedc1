using Fovea.Models.Runtime;

namespace Fovea.Api.Scheduling;

/// <summary>
/// The sessions of a model, and the sizes of its batches. Tuning replaces the set. A batch belongs to the set that was in use when the
/// batch was made, and runs only in sessions of that set.
/// </summary>
/// <param name="Spread">The session that spreads a run over all execution slots; null: no run is spread.</param>
/// <param name="OneSlot">
/// The sessions that run in one execution slot, the preferred one first. Empty if runs cannot go on side by side.
/// </param>
/// <param name="LargestSlice">The largest number of images in a slice that runs in one execution slot, at least 1.</param>
/// <param name="Sizes">
/// The batch sizes for which a batch has memory (<see cref="InferenceBatch.Sizes"/>). The largest is the number of images that a batch can
/// hold.
/// </param>
internal sealed record SessionSet(ModelSession? Spread, IReadOnlyList<ModelSession> OneSlot, int LargestSlice, IReadOnlyList<int> Sizes)
{
    // The longest run, in seconds, that stays on the thread of its request. Handing an image to another thread takes tens of microseconds.
    private const double LongestAtOnce = 0.0005;

    /// <summary>
    /// More sessions that each use the whole device or all cores. Only tuning trials have them.
    /// </summary>
    public IReadOnlyList<ModelSession> OtherSpread { get; init; } = [];

    public IEnumerable<ModelSession> All => [.. OneSlot, .. Spread is null ? [] : (ModelSession[])[Spread], .. OtherSpread];

    /// <summary>The seconds per image in a run in one execution slot; 0: unknown.</summary>
    public double OneSlotSeconds { get; init; }

    /// <summary>The seconds per image in a run that is spread over all slots; 0: unknown.</summary>
    public double SpreadSeconds { get; init; }

    /// <summary>
    /// Whether a lone image runs on the thread of its request. This is so if runs are short, so that handing the image to another thread
    /// and the answer back would take a good part of the time. A network with a fixed batch size always runs the whole batch.
    /// </summary>
    public bool RunsAtOnce => OneSlot.Count > 0 && OneSlotSeconds > 0 && OneSlotSeconds * Sizes[0] <= LongestAtOnce;

    /// <summary>Returns the preferred session for a run that is not a trial of tuning.</summary>
    /// <param name="spread">Whether the run is spread over all execution slots.</param>
    /// <exception cref="InvalidOperationException">The set has no such session.</exception>
    public ModelSession For(bool spread) => (spread ? Spread : OneSlot.Count > 0 ? OneSlot[0] : null)
        ?? throw new InvalidOperationException($"The session set has no session that runs on {(spread ? "all cores" : "one core")}.");

    /// <summary>Returns the session of this kind; null if the set has none.</summary>
    public ModelSession? Find(SessionKind kind) => All.FirstOrDefault(session => session.Kind == kind);
}
