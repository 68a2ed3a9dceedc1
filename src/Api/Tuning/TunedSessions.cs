using Fovea.Api.Scheduling;
using Fovea.Api.Serving;
using Fovea.Api.Telemetry;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Runtime;

namespace Fovea.Api.Tuning;

/// <summary>Opens and closes the sessions of one model during tuning, and chooses the set of sessions that the scheduler uses.</summary>
internal sealed class TunedSessions(ServedModel served, ServingSettings settings, ILogger<ModelTuner> log)
{
    // The nice value of the thread that opens a session. While requests use all cores, it gets half the share of one of their threads. With
    // less, the first second is a little faster, but the faster session comes later.
    private const int OpeningNice = 3;

    private readonly Classifier model = served.Classifier;

    // A failure that is known before tuning was logged when the model was loaded.
    private bool isFailureLogged = served.Classifier.RewriteFailure is not null;

    /// <summary>The limits of the trials, from the model and the settings.</summary>
    public TuningLimits Limits { get; } = new(settings.MaxBatch, served.Classifier.FixedBatch, served.Classifier.IsLarge);

    /// <summary>Opens a session of a kind, unless the set in use has one, and adds it to the set in use.</summary>
    /// <param name="kind">The kind of session.</param>
    /// <param name="isPreferred">Whether later runs in one execution slot, except trials, use the opened session.</param>
    /// <param name="stop">Cancels the call before the session is opened.</param>
    /// <returns>False if the model has no session of this kind, for example because no operator can be rewritten.</returns>
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
            LogFailure();
            return false;
        }

        await served.Scheduler.Use(Exploring(
            kind.Spread && now.Spread is null ? now with { Spread = session }
            : kind.Spread && isPreferred ? now with { Spread = session, OtherSpread = [.. now.OtherSpread, now.Spread!] }
            : kind.Spread ? now with { OtherSpread = [.. now.OtherSpread, session] }
            : isPreferred ? now with { OneSlot = [session, .. now.OneSlot] }
            : now with { OneSlot = [.. now.OneSlot, session] }));
        return true;
    }

    /// <summary>
    /// Opens the missing sessions of these kinds, and adds them to the set in use. Returns the kinds of all sessions in use.
    /// </summary>
    public async Task<IReadOnlyList<SessionKind>> Open(IEnumerable<SessionKind> kinds, CancellationToken stop)
    {
        foreach (var kind in kinds.Where(model.Runs))
        {
            await Open(kind, isPreferred: false, stop);
        }

        var set = Exploring(served.Scheduler.Sessions);
        await served.Scheduler.Use(set);
        return [.. set.All.Select(session => session.Kind)];
    }

    /// <summary>
    /// Lets the runs in one execution slot that are not trials use the session of this kind from now on, if it is open.
    /// </summary>
    public async Task Prefer(SessionKind kind)
    {
        var now = served.Scheduler.Sessions;
        if (now.OneSlot.FirstOrDefault(session => session.Kind == kind) is { } session && session != now.OneSlot[0])
        {
            await served.Scheduler.Use(now with { OneSlot = [session, .. now.OneSlot.Except([session])] });
        }
    }

    /// <summary>Runs the model with these batch sizes from now on, and frees the sessions that they do not need.</summary>
    /// <param name="sizes">The measured sizes, at least one. The sessions of their kinds are open.</param>
    /// <param name="keepsSpread">Whether the sessions for spread runs stay open even if no size needs them.</param>
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

    private void LogFailure()
    {
        if (model.RewriteFailure is { } reason && !isFailureLogged)
        {
            isFailureLogged = true;
            log.NotRewritten(served.Name, served.Version, reason);
        }
    }

    // Returns the set for the time of exploring: a batch can gather as many images as the largest size to try. If the model has only a
    // session for spread runs, slices that are no trials keep their present size until a larger one is measured to be faster. On a GPU, a
    // batch runs as a whole, filled up to one of these sizes, and so tries that size.
    private SessionSet Exploring(SessionSet set) =>
        model.FixedBatch is { } only ? set with { LargestSlice = only, Sizes = [only] }
        : model.CanRunSideBySide ? set with { LargestSlice = settings.MaxBatch, Sizes = [settings.MaxBatch] }
        : model.Device.IsCuda ? set with { Sizes = Limits.AllSizes }
        : set with { Sizes = [settings.MaxBatch] };

    // Returns the set for the measured sizes. A batch holds enough images for all execution slots, since it is cut into one slice for each.
    private SessionSet Settled(SessionSet set, IReadOnlyList<MeasuredSize> sizes, bool keepsSpread)
    {
        var oneSlot = sizes.Where(size => !size.Spread).ToArray();
        int largest = oneSlot.Max(size => size.Size);
        int together = model.FixedBatch is null ? Math.Max(largest, Math.Min(largest * served.Slots, settings.MaxBatch)) : largest;
        bool isSideBySide = set.OneSlot.Count > 0;
        var kind = oneSlot[0].Kind;
        var lone = isSideBySide ? sizes.FirstOrDefault(size => size.Spread)?.Kind : kind with { Spread = true };
        var spread = (lone is { } wanted ? set.Find(wanted) : null) ?? set.Spread;
        return new(
            keepsSpread || !isSideBySide || sizes.Any(size => size.Spread) ? spread : null,
            isSideBySide ? [set.Find(kind) ?? set.OneSlot[0]] : [],
            largest,
            [.. sizes.Select(size => size.Size).Append(together).Distinct().Order()])
        {
            OtherSpread = keepsSpread ? [.. set.All.Where(session => session.Kind.Spread && session != spread)] : [],
            OneSlotSeconds = isSideBySide ? 1 / oneSlot.Min(size => size.ImagesPerSecond) : 0,
            SpreadSeconds = sizes.Where(size => size.Spread).Select(size => 1 / size.ImagesPerSecond).FirstOrDefault(),
        };
    }
}
