using Fovea.Api.Scheduling;
using Fovea.Api.Serving;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Runtime;

namespace Fovea.Api.Tuning;

/// <summary>The sessions of one model while it is tuned, and the sets made of them.</summary>
internal sealed class TunedSessions(ServedModel served, ServingSettings settings)
{
    // Beside a thread of usual rank, a thread of this rank gets about a quarter of a core: opening a session takes a little longer, and
    // requests lose little.
    private const int OpeningNice = 5;

    private readonly Classifier model = served.Classifier;

    /// <summary>The limits that the model and the settings set to trials.</summary>
    public TuningLimits Limits { get; } = new(settings.MaxBatch, served.Classifier.FixedBatch, served.Classifier.IsLarge);

    /// <summary>Opens a session of a kind, unless the set in use has one, and uses it beside the others.</summary>
    /// <param name="kind">The kind.</param>
    /// <param name="isPreferred">Whether usual runs in one slot use it from now on.</param>
    /// <param name="stop">Gives up before the session is opened.</param>
    /// <returns>Whether there is such a session.</returns>
    /// <exception cref="RefusalException">The file has changed since it was loaded, or cannot be loaded any more.</exception>
    public async Task<bool> Open(SessionKind kind, bool isPreferred, CancellationToken stop)
    {
        var now = served.Scheduler.Sessions;
        if (now.Find(kind) is not null)
        {
            return true;
        }

        stop.ThrowIfCancellationRequested();
        if (await ThreadRank.Run(OpeningNice, () => model.Open(kind)) is not { } session)
        {
            return false;
        }

        await served.Scheduler.Use(Exploring(
            kind.Spread ? now with { Spread = session }
            : isPreferred ? now with { OneSlot = [session, .. now.OneSlot] }
            : now with { OneSlot = [.. now.OneSlot, session] }));
        return true;
    }

    /// <summary>
    /// Opens the sessions of these kinds that are missing, as far as there are such, and uses all of them. Returns the kinds in use.
    /// </summary>
    public async Task<IReadOnlyList<SessionKind>> Open(IEnumerable<SessionKind> kinds, CancellationToken stop)
    {
        foreach (var kind in kinds.Where(_ => model.CanRunSideBySide))
        {
            await Open(kind, isPreferred: false, stop);
        }

        var set = Exploring(served.Scheduler.Sessions);
        await served.Scheduler.Use(set);
        return [.. set.All.Select(session => session.Kind)];
    }

    /// <summary>Runs the model as it was measured to run best from now on, and frees the sessions that this does not need.</summary>
    /// <param name="sizes">What was measured, at least one size; the kinds of sessions that it names are open.</param>
    /// <param name="keepsSpread">Whether a session for spread runs stays, although none was measured to gain.</param>
    public async Task Settle(IReadOnlyList<MeasuredSize> sizes, bool keepsSpread)
    {
        var before = served.Scheduler.Sessions;
        var after = Settled(before, sizes, keepsSpread);
        await served.Scheduler.Use(after);
        served.Sizes = sizes;
        ModelSession[] unused = [.. before.All.Except(after.All)];
        foreach (var session in unused)
        {
            session.Dispose();
        }

        if (unused.Length > 0)
        {
            ProcessMemory.Trim();
        }
    }

    // While sizes are tried on the images of requests, a batch gathers as many images as the largest size needs. If the model has only a
    // session for spread runs, ordinary slices keep their present size until a larger one is measured to be faster.
    private SessionSet Exploring(SessionSet set) =>
        model.FixedBatch is { } only ? set with { LargestSlice = only, Sizes = [only] }
        : model.CanRunSideBySide ? set with { LargestSlice = settings.MaxBatch, Sizes = [settings.MaxBatch] }
        : model.Device.IsCuda ? set
        : set with { Sizes = [settings.MaxBatch] };

    // One batch holds enough images for all slots: it is cut into slices.
    private SessionSet Settled(SessionSet set, IReadOnlyList<MeasuredSize> sizes, bool keepsSpread)
    {
        var oneSlot = sizes.Where(size => !size.Spread).ToArray();
        int largest = oneSlot.Max(size => size.Size);
        int together = model.FixedBatch is null ? Math.Max(largest, Math.Min(largest * served.Slots, settings.MaxBatch)) : largest;
        bool isSideBySide = set.OneSlot.Count > 0;
        var kind = oneSlot[0].Kind;
        return new(
            keepsSpread || !isSideBySide || sizes.Any(size => size.Spread) ? set.Spread : null,
            isSideBySide ? [set.Find(kind) ?? set.OneSlot[0]] : [],
            largest,
            [.. sizes.Select(size => size.Size).Append(together).Distinct().Order()])
        {
            OneSlotSeconds = isSideBySide ? 1 / oneSlot.Min(size => size.ImagesPerSecond) : 0,
            SpreadSeconds = sizes.Where(size => size.Spread).Select(size => 1 / size.ImagesPerSecond).FirstOrDefault(),
        };
    }
}
