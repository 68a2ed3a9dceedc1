using Fovea.Models;

namespace Fovea.Api.Tuning;

/// <summary>
/// Finds, for each served model, how it runs best on this machine, while it serves: ways of running are tried on the batches that requests make, and on synthetic batches
/// only while no request is in flight.
/// </summary>
/// <remarks>
/// <code>
/// opened ──one-slot session is open──► serves side by side ──its turn──► explores ──done──► settled, remembered
///                                                                          │  ▲
///                                                       nothing to try it on  later
///                                                                          ▼  │
///                                                                        settled for now
/// </code>
/// One model explores at a time, since exploring needs all of its sessions in memory at once.
/// </remarks>
internal sealed class ModelTuner(ServingSettings settings, SizesFile file, RequestsInFlight inFlight, TimeProvider time, ILogger<ModelTuner> log) : IDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(30), LongestPause = TimeSpan.FromMinutes(10);

    private readonly SemaphoreSlim opening = new(1), exploring = new(1);

    /// <summary>Tunes a model until it is settled, or is no longer served.</summary>
    /// <param name="served">The model; it answers already, with its first session.</param>
    /// <param name="stop">Gives up.</param>
    public async Task Tune(ServedModel served, CancellationToken stop)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stop, served.Retired);
        try
        {
            await WhileHeld(served, opening, () => ServeSideBySide(served, over.Token), over.Token);
            for (var pause = FirstPause; !await WhileHeld(served, exploring, () => Explore(served, over.Token), over.Token); pause *= 2)
            {
                await Task.Delay(pause < LongestPause ? pause : LongestPause, time, over.Token);
            }
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
            // The service stops, or the model is no longer served.
        }
        catch (Exception e)
        {
            // The model goes on as it runs now.
            log.TuningFailed(e, served.Name, served.Version);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        opening.Dispose();
        exploring.Dispose();
    }

    // The model cannot be freed meanwhile.
    private static async Task<bool> WhileHeld(ServedModel served, SemaphoreSlim turn, Func<Task<bool>> work, CancellationToken stop)
    {
        await turn.WaitAsync(stop);
        try
        {
            using var lease = served.TryLease();
            return lease is null || await work();
        }
        finally
        {
            turn.Release();
        }
    }

    // What was remembered is used at once, and verified when it is this model's turn to explore.
    private async Task<bool> ServeSideBySide(ServedModel served, CancellationToken stop)
    {
        var sessions = new TunedSessions(served, settings);
        var remembered = Remembered(served);
        bool isRewritten = remembered?.Any(size => size.Rewritten) == true;
        if (served.Classifier.CanRunSideBySide && !(isRewritten && await sessions.Open(SessionKind.OneCoreRewritten, isPreferred: true, stop)))
        {
            await sessions.Open(SessionKind.OneCore, isPreferred: true, stop);
        }

        if (remembered is not null)
        {
            await sessions.Settle(remembered);
        }

        return true;
    }

    // False: there was nothing to try some ways on, and exploring goes on later.
    private async Task<bool> Explore(ServedModel served, CancellationToken stop)
    {
        var sessions = new TunedSessions(served, settings);
        var run = new TuningRun(served, inFlight, time, log);
        bool isDone = true;
        if (Remembered(served) is { } remembered)
        {
            var kinds = await sessions.OpenOthers(stop);
            int[] sizes = [.. remembered.Where(size => !size.Spread).Select(size => size.Size).Order()];
            (var verified, isDone) = await run.Try(new(kinds, sessions.Limits, [.. new[] { sizes[0], sizes[^1] }.Distinct()]), stop);
            if (!isDone || AreAlike(verified, remembered))
            {
                return await Settle(served, sessions, remembered, isDone);
            }

            log.RememberedSizesDiffer(served.Name, served.Version, string.Join(", ", remembered), string.Join(", ", verified));
        }

        (var found, isDone) = await run.Try(new(await sessions.OpenAll(stop), sessions.Limits), stop);
        if (isDone && found.Count > 0)
        {
            file.Remember(SizesFile.Key(served.Classifier.Sha256), found);
        }

        return await Settle(served, sessions, found, isDone);
    }

    private async Task<bool> Settle(ServedModel served, TunedSessions sessions, IReadOnlyList<MeasuredSize> sizes, bool isDone)
    {
        if (sizes.Count > 0)
        {
            await sessions.Settle(sizes);
            log.ModelTuned(served.Name, served.Version, string.Join(", ", sizes));
        }

        return isDone;
    }

    // Batch sizes gain little over each other, and change with the machine's mood; the kinds of sessions matter.
    private static bool AreAlike(IReadOnlyList<MeasuredSize> one, IReadOnlyList<MeasuredSize> other) =>
        one.Any(size => size.Rewritten) == other.Any(size => size.Rewritten) && one.Any(size => size.Spread) == other.Any(size => size.Spread);

    private MeasuredSize[]? Remembered(ServedModel served)
    {
        var all = file.Find(SizesFile.Key(served.Classifier.Sha256)) ?? [];
        MeasuredSize[] usable = [.. all.Where(size => size.Size <= settings.MaxBatch || size.Size == served.Classifier.FixedBatch)];
        return usable.Any(size => !size.Spread) ? usable : null;
    }
}
