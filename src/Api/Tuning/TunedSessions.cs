using Fovea.Api.Scheduling;
using Fovea.Models;

namespace Fovea.Api.Tuning;

/// <summary>The sessions of one model while it is tuned, and the sets made of them.</summary>
internal sealed class TunedSessions(ServedModel served, ServingSettings settings)
{
    private readonly Classifier model = served.Classifier;

    /// <summary>What the model and the settings allow to be tried.</summary>
    public TuningLimits Limits { get; } = new(settings.MaxBatch, served.Classifier.FixedBatch, served.Classifier.IsLarge);

    /// <summary>Opens a session of a kind, unless the set in use has one, and uses it beside the others.</summary>
    /// <param name="kind">The kind.</param>
    /// <param name="isPreferred">Whether usual runs in one slot use it from now on.</param>
    /// <param name="stop">Gives up before the session is opened.</param>
    /// <returns>Whether there is such a session.</returns>
    /// <exception cref="FoveaException">The file has changed since it was loaded, or cannot be loaded any more.</exception>
    public async Task<bool> Open(SessionKind kind, bool isPreferred, CancellationToken stop)
    {
        var now = served.Scheduler.Sessions;
        if (now.Find(kind) is not null)
        {
            return true;
        }

        stop.ThrowIfCancellationRequested();
        if (await BackgroundThread.Run(() => model.Open(kind)) is not { } session)
        {
            return false;
        }

        await served.Scheduler.Use(Exploring(
            kind.Spread ? now with { Spread = session }
            : isPreferred ? now with { OneSlot = [session, .. now.OneSlot] }
            : now with { OneSlot = [.. now.OneSlot, session] }));
        return true;
    }

    /// <summary>Opens the sessions of one slot that are missing, so that those in use can be compared with them. Returns the kinds that there are.</summary>
    public Task<IReadOnlyList<SessionKind>> OpenOthers(CancellationToken stop) => Open([SessionKind.OneCore, SessionKind.OneCoreRewritten], stop);

    /// <summary>Opens all sessions that are missing. Returns the kinds that there are.</summary>
    public Task<IReadOnlyList<SessionKind>> OpenAll(CancellationToken stop) =>
        Open([SessionKind.OneCore, SessionKind.OneCoreRewritten, SessionKind.AllCores], stop);

    /// <summary>Runs the model as it was measured to run best from now on, and frees the sessions that this does not need.</summary>
    /// <param name="sizes">What was measured, at least one size; the kinds of sessions that it names are open.</param>
    public async Task Settle(IReadOnlyList<MeasuredSize> sizes)
    {
        var before = served.Scheduler.Sessions;
        var after = Settled(before, sizes);
        await served.Scheduler.Use(after);
        foreach (var session in before.All.Except(after.All).ToArray())
        {
            session.Dispose();
        }

        served.Sizes = sizes;
        ProcessMemory.Trim();
    }

    private async Task<IReadOnlyList<SessionKind>> Open(SessionKind[] kinds, CancellationToken stop)
    {
        foreach (var kind in kinds.Where(_ => model.CanRunSideBySide))
        {
            await Open(kind, isPreferred: false, stop);
        }

        var set = Exploring(served.Scheduler.Sessions);
        await served.Scheduler.Use(set);
        return [.. set.All.Select(session => session.Kind)];
    }

    // While sizes are tried on the images of requests, a batch gathers as many as the largest size needs. Where a run is spread in any case, usual slices stay small
    // until larger ones are known to gain.
    private SessionSet Exploring(SessionSet set) =>
        model.FixedBatch is { } only ? set with { LargestSlice = only, Sizes = [only] }
        : model.CanRunSideBySide ? set with { LargestSlice = settings.MaxBatch, Sizes = [settings.MaxBatch] }
        : model.Device.IsCuda ? set
        : set with { Sizes = [settings.MaxBatch] };

    // One batch holds enough images for all slots: it is cut into slices.
    private SessionSet Settled(SessionSet set, IReadOnlyList<MeasuredSize> sizes)
    {
        var oneSlot = sizes.Where(size => !size.Spread).ToArray();
        int largest = oneSlot.Max(size => size.Size);
        int together = model.FixedBatch is null ? Math.Max(largest, Math.Min(largest * served.Slots, settings.MaxBatch)) : largest;
        bool isSideBySide = set.OneSlot.Count > 0;
        bool keepsSpread = !isSideBySide || sizes.Any(size => size.Spread);
        var kind = new SessionKind(Spread: false, oneSlot[0].Rewritten);
        return new(
            keepsSpread ? set.Spread : null,
            isSideBySide ? [set.Find(kind) ?? set.OneSlot[0]] : [],
            largest,
            [.. sizes.Select(size => size.Size).Append(together).Distinct().Order()])
        {
            OneSlotSeconds = isSideBySide ? 1 / oneSlot.Min(size => size.ImagesPerSecond) : 0,
            SpreadSeconds = sizes.Where(size => size.Spread).Select(size => 1 / size.ImagesPerSecond).FirstOrDefault(),
        };
    }
}
