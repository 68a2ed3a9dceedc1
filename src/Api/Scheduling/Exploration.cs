using Fovea.Models.Graphs;
using Fovea.Models.Runtime;

namespace Fovea.Api.Scheduling;

/// <summary>
/// Finds how a model runs best on this machine: which kind of session, and which batch sizes. It says what to try next, on the batches that
/// requests make or on synthetic ones, and records how long each run took. Each kind begins with the smallest size and goes on by doubling
/// while that gains. Kinds and sizes take turns, so that a change of the machine's speed falls on all alike.
/// </summary>
/// <remarks>Safe for several threads: one lock guards the results, and nothing else happens under it.</remarks>
internal sealed class Exploration
{
    // A kind that is so much slower than another on the same size is given up early.
    private const double Hopeless = 1.3;

    private readonly Lock gate = new();
    private readonly TuningLimits limits;
    private readonly IReadOnlyList<int>? sizes;
    private readonly Dictionary<Trial, TrialResults> results = [];
    private readonly Dictionary<SessionKind, int> failedFrom = [];
    private SessionKind[] kinds;
    private Trial[]? open;

    /// <param name="kinds">The kinds of sessions that there are.</param>
    /// <param name="limits">What may be tried.</param>
    /// <param name="sizes">The only sizes to try, in ascending order; null: those that <see cref="TuningLimits.SizeAfter"/> says.</param>
    public Exploration(IEnumerable<SessionKind> kinds, TuningLimits limits, IReadOnlyList<int>? sizes = null) =>
        (this.kinds, this.limits, this.sizes) = ([.. kinds], limits, sizes);

    /// <summary>Whether nothing is left to try.</summary>
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

    /// <summary>Whether a kind was tried.</summary>
    public bool HasTried(SessionKind kind)
    {
        lock (gate)
        {
            return Tried_NeedsLock(kind).Any();
        }
    }

    /// <summary>The samples taken so far.</summary>
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

    /// <summary>The next trial among those that fit; null if none is left.</summary>
    public Trial? Next(Func<Trial, bool> fits)
    {
        lock (gate)
        {
            // Called for each batch of requests while the model is explored: no query, no allocation.
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
    /// <param name="kind">The kind of its session.</param>
    /// <param name="images">Its images.</param>
    /// <param name="seconds">How long it took, as <see cref="RunClock"/> has it.</param>
    /// <returns>Whether the run completes a sample; then another trial is next.</returns>
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

    /// <summary>Adds the run of a slice, which may have failed.</summary>
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
    /// Notes that a run failed. Its size and larger ones are not tried again; a kind whose first size fails is not chosen.
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

    /// <summary>Returns the fastest sizes among the measured ones; empty before the first measurement.</summary>
    public IReadOnlyList<MeasuredSize> Best()
    {
        lock (gate)
        {
            var oneSlot = kinds.Where(kind => !kind.Spread).ToArray();
            var chosen = (oneSlot.Length > 0 ? oneSlot : kinds).Select(Gaining_NeedsLock).Where(sizes => sizes.Count > 0).ToArray();
            if (chosen.Length == 0)
            {
                return [];
            }

            var best = chosen.FirstOrDefault(sizes => sizes[0] is { Rewritten: false, Quantized: false }) ?? chosen[0];
            best = Faster(sizes => sizes.Rewritten, TuningLimits.RewrittenGain);
            best = Faster(sizes => sizes.Quantized, TuningLimits.QuantizedGain);
            var spread = oneSlot.Length > 0 && kinds.Contains(SessionKind.AllCores) ? Gaining_NeedsLock(SessionKind.AllCores) : [];
            bool gainsSpread = spread.Count > 0 && spread[0].ImagesPerSecond >= TuningLimits.SpreadGain * best[0].ImagesPerSecond;
            return gainsSpread ? [.. best, spread[0] with { Spread = true }] : best;

            List<MeasuredSize> Faster(Func<MeasuredSize, bool> isOther, double gain) =>
                chosen.FirstOrDefault(sizes => isOther(sizes[0])) is { } other
                && other[^1].ImagesPerSecond >= gain * best[^1].ImagesPerSecond
                    ? other
                    : best;
        }
    }

    // The sizes of a kind that were tried and put more images through than every smaller one.
    private List<MeasuredSize> Gaining_NeedsLock(SessionKind kind)
    {
        var found = new List<MeasuredSize>();
        foreach (var (size, seconds) in Tried_NeedsLock(kind))
        {
            if (found.Count == 0 || 1 / seconds > limits.BatchGain * found[^1].ImagesPerSecond)
            {
                found.Add(new(size, 1 / seconds, Rewritten: kind.Rewritten, Quantized: kind.Quantized));
            }
        }

        return found;
    }

    // The trials that are left, computed again after each sample.
    private Trial[] Open_NeedsLock() => open ??=
    [
        .. kinds.Where(kind => !IsHopeless_NeedsLock(kind)).SelectMany(Trials_NeedsLock)
            .Where(trial => !HasFailed_NeedsLock(trial) && !Of_NeedsLock(trial).IsDone),
    ];

    // The sizes of a kind as far as they are known to be worth a try. A lone image is all that a spread run is for, where others go on side
    // by side.
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
        return own.Count >= 2 && !kind.Spread && kinds.Any(other =>
            !other.Spread && Of_NeedsLock(new(other, size)) is { Count: >= 2 } rival
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
