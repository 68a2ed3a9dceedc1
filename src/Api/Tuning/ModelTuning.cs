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
        SessionKind.OneCore, SessionKind.OneCoreRewritten, SessionKind.OneCoreInt8, SessionKind.OneCoreFp16, SessionKind.AllCores,
        SessionKind.AllCoresRewritten, SessionKind.AllCoresFp16,
    ];

    private readonly TunedSessions sessions = new(served, settings, log);
    private readonly string key = SizesFile.Key(
        served.Classifier.Sha256, served.Classifier.Device.Name, settings.MaxBatch, served.Classifier.Twins);
    private IReadOnlyList<MeasuredSize>? remembered;
    private Exploration? exploration;

    /// <summary>
    /// Opens a session for runs side by side, if the model can run so, and uses it at once: the one that an earlier tuning found the
    /// fastest, otherwise the rewritten graph, which is usually faster. <see cref="Explore"/> verifies the choice later.
    /// </summary>
    /// <param name="stop">Ends the tuning.</param>
    public async Task Begin(CancellationToken stop)
    {
        remembered = Remembered();
        var best = remembered?.First(size => !size.Spread).Kind ?? SessionKind.OneCoreRewritten;
        bool isSideBySide = served.Classifier.CanRunSideBySide;
        if (isSideBySide && !(best != SessionKind.OneCore && await sessions.Open(best, isPreferred: true, stop)))
        {
            await sessions.Open(SessionKind.OneCore, isPreferred: true, stop);
        }

        // The kind of the runs on all cores: those of lone images, or all runs if they cannot go on side by side.
        var spread = isSideBySide ? remembered?.FirstOrDefault(size => size.Spread)?.Kind : best with { Spread = true };
        if (spread is { } kind && served.Classifier.Runs(kind))
        {
            await sessions.Open(kind, isPreferred: true, stop);
        }

        if (remembered is not null)
        {
            // The sessions whose runs use all cores stay open, so that Explore can compare the saved sizes with it.
            await sessions.Settle(remembered, keepsSpread: true);
        }
    }

    /// <summary>Measures the untried sessions and batch sizes, and then uses the fastest ones.</summary>
    /// <param name="stop">Ends the tuning.</param>
    /// <returns>
    /// True if everything was measured. False if neither requests nor idle time allowed enough runs; call this again later.
    /// </returns>
    public async Task<bool> Explore(CancellationToken stop)
    {
        if (remembered is not null && !await Verify(remembered, stop))
        {
            return false;
        }

        if (remembered is null)
        {
            await Open(sizes: null, stop);
            if (!await Try(fallback: [], stop))
            {
                return false;
            }

            file.Remember(key, served.Sizes);
        }

        log.ModelTuned(served.Name, served.Version, string.Join(", ", served.Sizes));
        return true;
    }

    // Compares the saved kinds of sessions with the other kinds. If another kind is faster, all sizes are measured again.
    private async Task<bool> Verify(IReadOnlyList<MeasuredSize> expected, CancellationToken stop)
    {
        int[] sizes = [.. expected.Where(size => !size.Spread).Select(size => size.Size).Order()];
        await Open([.. new[] { sizes[0], sizes[^1] }.Distinct()], stop);
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

    // The sessions for runs in one execution slot come first, because many requests at once run in them. As soon as the fastest of them is
    // known, requests use it while the other sessions, for lone images, are opened.
    private async Task Open(IReadOnlyList<int>? sizes, CancellationToken stop)
    {
        var kinds = exploration?.OpenKinds ?? AllKinds;
        var open = await sessions.Open(kinds.Where(kind => !kind.Spread), stop);
        exploration ??= new(open, sessions.Limits, sizes);
        await run.Try(exploration, sessions, () => exploration.IsLeaderKnown, stop);
        if (exploration.Leader is { } fastest)
        {
            await sessions.Prefer(fastest);
        }

        exploration.Add(await sessions.Open(kinds.Where(kind => kind.Spread), stop));
    }

    // Runs trials, and then uses the fastest sessions and sizes known so far. The sessions for spread runs stay open while one of them is
    // still to be tried, because it may prove the fastest for a lone image.
    private async Task<bool> Try(IReadOnlyList<MeasuredSize> fallback, CancellationToken stop)
    {
        bool isDone = await run.Try(exploration!, sessions, () => exploration!.IsDone, stop);
        var best = exploration!.Best();
        if ((fallback.Count > 0 ? fallback : best) is { Count: > 0 } sizes)
        {
            await sessions.Settle(sizes, keepsSpread: exploration.OpenKinds.Any(kind => kind.Spread));
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

    // Compares only the kinds of sessions. Batch sizes are not compared: they differ little in speed, and which one is fastest varies
    // between measurements. The form of spread runs, rewritten or not, is not compared either, for the same reason.
    private static bool AreAlike(IEnumerable<MeasuredSize> one, IEnumerable<MeasuredSize> other) =>
        Kinds(one).SetEquals(Kinds(other));

    private static HashSet<SessionKind> Kinds(IEnumerable<MeasuredSize> sizes) =>
        [.. sizes.Select(size => size.Spread ? size.Kind with { Rewritten = false } : size.Kind)];
}
