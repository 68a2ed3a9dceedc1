using System.Diagnostics;
using Fovea.Models;

namespace Fovea.Api;

/// <summary>
/// Finds the batch sizes of a model: 1, and each power of two that puts more images through in a second than every smaller one; and whether a lone
/// run is faster spread over all processors, for which the model is then loaded a second time.
/// </summary>
internal sealed class BatchSizes(ServingSettings settings, SizesFile file)
{
    // What a larger batch must gain to be worth its memory and its wait, and spreading to be worth the weights' memory; less is noise.
    private const double LeastGain = 1.01, LeastSpreadGain = 1.2;

    // A batch keeps those behind it waiting, so none is tried that would take longer than this.
    private static readonly TimeSpan LongestRun = TimeSpan.FromSeconds(1), LongestTrial = TimeSpan.FromMilliseconds(200);

    /// <summary>The sizes, the smallest first, remembered or measured; each has been run, so that its first request waits for nothing.</summary>
    public async Task<IReadOnlyList<MeasuredSize>> Find(ServedModel served, CancellationToken stop)
    {
        var key = await SizesFile.Key(served.Classifier.File, stop);
        if (file.Find(key)?.Where(size => size.Size <= settings.MaxBatch || served.Classifier.FixedBatch is not null).ToArray() is not { Length: > 0 } remembered)
        {
            var measured = await Measure(served, stop);
            file.Remember(key, measured);
            return measured;
        }

        foreach (var known in remembered.Where(known => !known.Spread))
        {
            await Time(served, served.Classifier, known.Size, once: true, stop);
        }

        if (remembered.FirstOrDefault(known => known.Spread) is { } spread)
        {
            var all = served.Classifier.OpenSpread();
            served.Classifier.Spread(all);
            await Time(served, all, spread.Size, once: true, stop);
        }

        return remembered;
    }

    private async Task<IReadOnlyList<MeasuredSize>> Measure(ServedModel served, CancellationToken stop)
    {
        var found = new List<MeasuredSize>();
        for (int size = served.Classifier.FixedBatch ?? 1; size <= settings.MaxBatch || found.Count == 0; size *= 2)
        {
            var time = await Time(served, served.Classifier, size, once: false, stop);
            double perSecond = size / time.TotalSeconds;
            if (found.Count == 0 || perSecond > LeastGain * found[^1].ImagesPerSecond)
            {
                found.Add(new(size, perSecond, Spread: false));
            }

            // Two doublings without a gain, and no more is to be had.
            if (found[^1].Size * 4 <= size || 2 * time > LongestRun || served.Classifier.FixedBatch is not null)
            {
                break;
            }
        }

        if (served.Classifier.Lanes > 1 && await MeasureSpread(served, found[0], stop) is { } spread)
        {
            found.Add(spread);
        }

        return found;
    }

    private static async Task<MeasuredSize?> MeasureSpread(ServedModel served, MeasuredSize onOneLane, CancellationToken stop)
    {
        var all = served.Classifier.OpenSpread();
        var time = await Time(served, all, onOneLane.Size, once: false, stop);
        var spread = new MeasuredSize(onOneLane.Size, onOneLane.Size / time.TotalSeconds, Spread: true);
        if (spread.ImagesPerSecond < LeastSpreadGain * onOneLane.ImagesPerSecond)
        {
            all.Dispose();
            return null;
        }

        served.Classifier.Spread(all);
        return spread;
    }

    // The fastest run: what disturbs a measurement only ever makes it slower.
    private static async Task<TimeSpan> Time(ServedModel served, Classifier classifier, int size, bool once, CancellationToken stop)
    {
        using var batch = classifier.CreateBatch(size);
        await served.Batcher.Alone(() => batch.Run(size));
        var fastest = TimeSpan.MaxValue;
        long start = Stopwatch.GetTimestamp();
        for (int runs = 0; !once && (runs < 3 || Stopwatch.GetElapsedTime(start) < LongestTrial); runs++)
        {
            stop.ThrowIfCancellationRequested();
            var time = TimeSpan.Zero;
            await served.Batcher.Alone(() =>
            {
                long began = Stopwatch.GetTimestamp();
                batch.Run(size);
                time = Stopwatch.GetElapsedTime(began);
            });
            fastest = time < fastest ? time : fastest;
        }

        return fastest;
    }
}
