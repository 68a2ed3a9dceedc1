using Fovea.Models.Graphs;
using Fovea.Models.Runtime;

namespace Fovea.Api.Scheduling;

/// <summary>
/// Finds the kind of session and the batch sizes with which a model runs fastest on this machine. It proposes the next trial, for batches
/// of requests or of synthetic images, and records the time of each run. Each kind begins with the smallest batch size and doubles it while
/// that makes it faster. Trials of different kinds and sizes alternate, so that a change of the machine's speed affects all of them alike.
/// </summary>
/// <remarks>Thread-safe: one lock guards the results.</remarks>
internal sealed class Exploration
{
    // A kind that is slower than another by this factor, at the same size, is no longer tried.
    private const double Hopeless = 1.3;

    private readonly Lock gate = new();
    private readonly TuningLimits limits;
    private readonly IReadOnlyList<int>? sizes;
    private readonly Dictionary<Trial, TrialResults> results = [];
    private readonly Dictionary<SessionKind, int> failedFrom = [];
    private SessionKind[] kinds;
    private Trial[]? open;

    /// <param name="kinds">The kinds of sessions that the model can have.</param>
    /// <param name="limits">The limits of the trials.</param>
    /// <param name="sizes">The only batch sizes to try, ascending. Null: <see cref="TuningLimits.SizeAfter"/> chooses the sizes.</param>
    public Exploration(IEnumerable<SessionKind> kinds, TuningLimits limits, IReadOnlyList<int>? sizes = null) =>
        (this.kinds, this.limits, this.sizes) = ([.. kinds], limits, sizes);

    /// <summary>Whether all trials are done.</summary>
    public bool IsDone
    {
        get
        {
            lock (gate)
            {
                return Open_NeedsLock().Length == 0;
            }
        }
    }

    /// <summary>The kinds of sessions with untried batch sizes.</summary>
    public IReadOnlyList<SessionKind> OpenKinds
    {
        get
        {
            lock (gate)
            {
                return [.. Open_NeedsLock().Select(trial => trial.Kind).Distinct()];
            }
        }
    }

    /// <summary>
    /// The kind of session that runs the smallest size fastest in one execution slot; null until all such kinds have measured it. Larger
    /// sizes do not count, because a kind that was measured only with the smallest would lose by the gain of batching.
    /// </summary>
    public SessionKind? Leader
    {
        get
        {
            lock (gate)
            {
                return IsLeaderKnown_NeedsLock && Best_NeedsLock(Smallest) is [var fastest, ..] ? fastest.Kind : null;
            }
        }
    }

    /// <summary>Whether every kind of session that runs in one execution slot has measured the smallest size.</summary>
    public bool IsLeaderKnown
    {
        get
        {
            lock (gate)
            {
                return IsLeaderKnown_NeedsLock;
            }
        }
    }

    /// <summary>The number of time samples taken so far.</summary>
    public int Samples
    {
        get
        {
            lock (gate)
            {
                return results.Values.Sum(result => result.Count);
            }
        }
    }

    /// <summary>Adds kinds of sessions that were opened later, except those whose smallest size has failed.</summary>
    public void Add(IEnumerable<SessionKind> others)
    {
        lock (gate)
        {
            kinds = [.. kinds.Union(others.Where(kind => !HasFailed_NeedsLock(new(kind, limits.FirstSize))))];
            open = null;
        }
    }

    /// <summary>
    /// Returns the unfinished trial with the fewest samples for which <paramref name="fits"/> is true; null if there is none.
    /// </summary>
    public Trial? Next(Func<Trial, bool> fits)
    {
        lock (gate)
        {
            // A plain loop, because this runs for each batch of requests during exploration, and a LINQ query would allocate memory.
            Trial? best = null;
            int fewest = int.MaxValue;
            foreach (var trial in Open_NeedsLock())
            {
                int samples = Of_NeedsLock(trial).Count;
                if (samples < fewest && fits(trial))
                {
                    (best, fewest) = (trial, samples);
                }
            }

            return best;
        }
    }

    /// <summary>Adds the time of a run to the samples of its trial.</summary>
    /// <param name="kind">The kind of the session that ran it.</param>
    /// <param name="images">The number of images in the run.</param>
    /// <param name="seconds">The time of the run in seconds, measured by <see cref="RunClock"/>.</param>
    /// <returns>True if the run completes a sample; the next call of <see cref="Next"/> may then return another trial.</returns>
    public bool Record(SessionKind kind, int images, double seconds)
    {
        lock (gate)
        {
            var trial = new Trial(kind, images);
            bool isComplete = Array.IndexOf(Open_NeedsLock(), trial) >= 0 && Of_NeedsLock(trial).Add(images, seconds);
            open = isComplete ? null : open;
            return isComplete;
        }
    }

    /// <summary>Adds the result of a slice's run, whether it succeeded or failed.</summary>
    public void Record(SliceResult result)
    {
        if (result.Failed)
        {
            Fail(new(result.Kind, result.Images));
        }
        else if (result.Time > TimeSpan.Zero)
        {
            Record(result.Kind, result.Images, result.Time.TotalSeconds);
        }
    }

    /// <summary>
    /// Records that a run failed. Its kind of session is not tried again with this size or a larger one. If the smallest size failed, the
    /// kind is never chosen.
    /// </summary>
    public void Fail(Trial trial)
    {
        lock (gate)
        {
            failedFrom[trial.Kind] = Math.Min(trial.Size, failedFrom.GetValueOrDefault(trial.Kind, int.MaxValue));
            if (trial.Size <= limits.FirstSize)
            {
                kinds = [.. kinds.Where(other => other != trial.Kind)];
            }

            open = null;
        }
    }

    /// <summary>
    /// Returns the measured sizes of the fastest kind, each faster than all smaller sizes, ascending; then the size for spread runs, if
    /// these are worth it. Empty before the first measurement.
    /// </summary>
    public IReadOnlyList<MeasuredSize> Best()
    {
        lock (gate)
        {
            return Best_NeedsLock();
        }
    }

    private int Smallest => sizes?[0] ?? limits.FirstSize;

    private bool IsLeaderKnown_NeedsLock => !Open_NeedsLock().Any(trial => !trial.Kind.Spread && trial.Size == Smallest);

    private List<MeasuredSize> Best_NeedsLock(int? onlySize = null)
    {
        var oneSlot = kinds.Where(kind => !kind.Spread).ToArray();
        var chosen = (oneSlot.Length > 0 ? oneSlot : kinds)
            .Select(kind => Gaining_NeedsLock(kind, onlySize)).Where(sizes => sizes.Count > 0).ToArray();
        if (chosen.Length == 0)
        {
            return [];
        }

        var best = chosen.FirstOrDefault(sizes => sizes[0] is { Rewritten: false, Quantized: false, Fp16: false }) ?? chosen[0];
        best = Faster(sizes => sizes.Rewritten, TuningLimits.RewrittenGain);
        best = Faster(sizes => sizes.Fp16, TuningLimits.QuantizedGain);
        best = Faster(sizes => sizes.Quantized, TuningLimits.QuantizedGain);
        var spread = oneSlot.Length > 0 ? Spread_NeedsLock() : null;
        bool gainsSpread = spread?.ImagesPerSecond >= TuningLimits.SpreadGain * best[0].ImagesPerSecond;
        return gainsSpread ? [.. best, spread! with { Spread = true }] : best;

        List<MeasuredSize> Faster(Func<MeasuredSize, bool> isOther, double gain) =>
            chosen.FirstOrDefault(sizes => isOther(sizes[0])) is { } other
            && other[^1].ImagesPerSecond >= gain * best[^1].ImagesPerSecond
                ? other
                : best;
    }

    // Returns the smallest size of the fastest kind for spread runs; null if none was measured.
    private MeasuredSize? Spread_NeedsLock() => kinds.Where(kind => kind.Spread)
        .Select(kind => Gaining_NeedsLock(kind).FirstOrDefault()).OfType<MeasuredSize>()
        .MaxBy(size => size.ImagesPerSecond / (size.Rewritten ? TuningLimits.RewrittenGain : 1));

    // Returns the measured sizes of a kind that run more images per second than every smaller size.
    private List<MeasuredSize> Gaining_NeedsLock(SessionKind kind, int? onlySize = null)
    {
        var found = new List<MeasuredSize>();
        foreach (var (size, seconds) in Tried_NeedsLock(kind).Where(tried => onlySize is null || tried.Size == onlySize))
        {
            if (found.Count == 0 || 1 / seconds > limits.BatchGain * found[^1].ImagesPerSecond)
            {
                found.Add(MeasuredSize.Of(size, 1 / seconds, kind));
            }
        }

        return found;
    }

    // Returns the trials that are not done. The list is computed again after each sample.
    private Trial[] Open_NeedsLock() => open ??=
    [
        .. kinds.Where(kind => !IsHopeless_NeedsLock(kind)).SelectMany(Trials_NeedsLock)
            .Where(trial => !HasFailed_NeedsLock(trial) && !Of_NeedsLock(trial).IsDone),
    ];

    // Returns the trials of a kind that the results so far make worth a try. If runs can go on side by side, spread runs serve lone images
    // only, so only their smallest size is tried.
    private IEnumerable<Trial> Trials_NeedsLock(SessionKind kind)
    {
        if (sizes is not null && !IsForLoneImages(kind))
        {
            return sizes.Select(size => new Trial(kind, size));
        }

        var trials = new List<Trial> { new(kind, limits.FirstSize) };
        while (!IsForLoneImages(kind) && Of_NeedsLock(trials[^1]).IsDone
            && limits.SizeAfter([.. trials.Select(trial => (trial.Size, Of_NeedsLock(trial).SecondsPerImage))]) is { } next)
        {
            trials.Add(new(kind, next));
        }

        return trials;
    }

    private bool IsForLoneImages(SessionKind kind) => kind.Spread && kinds.Any(other => !other.Spread);

    private bool HasFailed_NeedsLock(Trial trial) => trial.Size >= failedFrom.GetValueOrDefault(trial.Kind, int.MaxValue);

    private bool IsHopeless_NeedsLock(SessionKind kind)
    {
        var size = Trials_NeedsLock(kind).First().Size;
        var own = Of_NeedsLock(new(kind, size));
        return own.Count >= 2 && kinds.Any(other =>
            other.Spread == kind.Spread && Of_NeedsLock(new(other, size)) is { Count: >= 2 } rival
            && own.SecondsPerImage > Hopeless * rival.SecondsPerImage);
    }

    private IEnumerable<(int Size, double SecondsPerImage)> Tried_NeedsLock(SessionKind kind) =>
        from result in results
        where result.Key.Kind == kind && result.Value.Count > 0 && !HasFailed_NeedsLock(result.Key)
        orderby result.Key.Size
        select (result.Key.Size, result.Value.SecondsPerImage);

    private TrialResults Of_NeedsLock(Trial trial)
    {
        if (!results.TryGetValue(trial, out var result))
        {
            results[trial] = result = new();
        }

        return result;
    }
}
