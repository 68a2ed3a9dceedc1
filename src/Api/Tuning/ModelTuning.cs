using Fovea.Api.Scheduling;
using Fovea.Api.Serving;
using Fovea.Api.Telemetry;
using Fovea.Models.Graphs;
using Fovea.Models.Runtime;

namespace Fovea.Api.Tuning;

/// <summary>Tunes one model. The caller of each method holds a lease on the model.</summary>
internal sealed class ModelTuning(ServedModel served, ServingSettings settings, SizesFile file, TuningRun run, ILogger<ModelTuner> log)
{
    private static readonly SessionKind[] AllKinds = 
    [
        SessionKind.OneCore, SessionKind.OneCoreRewritten, SessionKind.OneCoreQuantized, SessionKind.AllCores,
    ];

    private readonly TunedSessions sessions = new(served, settings);
    private readonly string key = SizesFile.Key(
        served.Classifier.Sha256, served.Classifier.Device.Provider, settings.MaxBatch, served.Classifier.Twin?.Sha256);
    private IReadOnlyList<MeasuredSize>? remembered;
    private Exploration? exploration;

    /// <summary>
    /// Opens a session for runs side by side, where the model can run so. What was remembered is used at once, and verified by <see
    /// cref="Explore"/>.
    /// </summary>
    /// <param name="stop">Gives up.</param>
    public async Task Begin(CancellationToken stop)
    {
        remembered = Remembered();
        var best = remembered?.First(size => !size.Spread).Kind ?? SessionKind.OneCore;
        if (served.Classifier.CanRunSideBySide
            && !(best != SessionKind.OneCore && await sessions.Open(best, isPreferred: true, stop)))
        {
            await sessions.Open(SessionKind.OneCore, isPreferred: true, stop);
        }

        if (remembered is not null)
        {
            // The first session, whose runs use all cores, stays open, so that the stored sizes can be compared with it again.
            await sessions.Settle(remembered, keepsSpread: true);
        }
    }

    /// <summary>Measures the untried sessions and batch sizes, and then uses the fastest ones.</summary>
    /// <param name="stop">Gives up.</param>
    /// <returns>Whether everything was measured. If false, there were no images to measure with; call this again later.</returns>
    public async Task<bool> Explore(CancellationToken stop)
    {
        if (remembered is not null && !await Verify(remembered, stop))
        {
            return false;
        }

        if (remembered is null)
        {
            await Open(AllKinds, sizes: null, stop);
            if (!await Try(fallback: [], stop))
            {
                return false;
            }

            file.Remember(key, served.Sizes);
        }

        log.ModelTuned(served.Name, served.Version, string.Join(", ", served.Sizes));
        return true;
    }

    // Compares the kinds of sessions that were remembered with the others. If another kind wins, all sizes are measured anew.
    private async Task<bool> Verify(IReadOnlyList<MeasuredSize> expected, CancellationToken stop)
    {
        int[] sizes = [.. expected.Where(size => !size.Spread).Select(size => size.Size).Order()];
        await Open(AllKinds, [.. new[] { sizes[0], sizes[^1] }.Distinct()], stop);
        if (!await Try(expected, stop))
        {
            return false;
        }

        var measured = exploration!.Best();
        exploration = null;
        if (AreAlike(measured, expected))
        {
            await sessions.Settle(expected, keepsSpread: false);
        }
        else
        {
            log.RememberedSizesDiffer(served.Name, served.Version, string.Join(", ", expected), string.Join(", ", measured));
            remembered = null;
        }

        return true;
    }

    private async Task Open(IEnumerable<SessionKind> kinds, IReadOnlyList<int>? sizes, CancellationToken stop)
    {
        var open = await sessions.Open(exploration?.OpenKinds ?? kinds, stop);
        exploration ??= new(open, sessions.Limits, sizes);
    }

    // Until all was tried, the best way that is known so far is used, and a session for spread runs is kept, since it may still prove the
    // best for a lone image.
    private async Task<bool> Try(IReadOnlyList<MeasuredSize> fallback, CancellationToken stop)
    {
        bool isDone = await run.Try(exploration!, stop);
        var best = exploration!.Best();
        if ((fallback.Count > 0 ? fallback : best) is { Count: > 0 } sizes)
        {
            await sessions.Settle(sizes, keepsSpread: !exploration.HasTried(SessionKind.AllCores));
            if (!isDone)
            {
                log.ModelTunedSoFar(served.Name, served.Version, string.Join(", ", sizes));
            }
        }

        return isDone;
    }

    private MeasuredSize[]? Remembered()
    {
        var all = file.Find(key) ?? [];
        MeasuredSize[] usable = [.. all.Where(size => size.Size <= settings.MaxBatch || size.Size == served.Classifier.FixedBatch)];
        return usable.Any(size => !size.Spread) ? usable : null;
    }

    // Batch sizes gain little over each other, and vary from time to time; the kinds of sessions matter.
    private static bool AreAlike(IReadOnlyList<MeasuredSize> one, IReadOnlyList<MeasuredSize> other) =>
        one.Any(size => size.Rewritten) == other.Any(size => size.Rewritten)
        && one.Any(size => size.Quantized) == other.Any(size => size.Quantized)
        && one.Any(size => size.Spread) == other.Any(size => size.Spread);
}
