using System.Diagnostics;

namespace Fovea.Api;

/// <summary>Finds the batch sizes of a model: 1, and each power of two that puts more images through in a second than every smaller one.</summary>
internal sealed class BatchSizes(ServingSettings settings, SizesFile file)
{
    // What a larger batch must gain to be worth its memory and its wait; less is noise.
    private const double LeastGain = 1.03;

    // A batch keeps those behind it waiting, so none is tried that would take longer than this.
    private static readonly TimeSpan LongestRun = TimeSpan.FromSeconds(1), LongestTrial = TimeSpan.FromMilliseconds(200);

    /// <summary>The sizes, the smallest first, remembered or measured; each has been run, so that its first request waits for nothing.</summary>
    public async Task<IReadOnlyList<MeasuredSize>> Find(ServedModel served, CancellationToken stop)
    {
        var key = await SizesFile.Key(served.Classifier.File, stop);
        if (file.Find(key)?.Where(size => size.Size <= settings.MaxBatch).ToArray() is { Length: > 0 } remembered)
        {
            foreach (int size in remembered.Select(known => known.Size))
            {
                await Time(served, size, once: true, stop);
            }

            return remembered;
        }

        var found = await Measure(served, stop);
        file.Remember(key, found);
        return found;
    }

    private async Task<IReadOnlyList<MeasuredSize>> Measure(ServedModel served, CancellationToken stop)
    {
        var found = new List<MeasuredSize>();
        for (int size = 1; size <= settings.MaxBatch; size *= 2)
        {
            var time = await Time(served, size, once: false, stop);
            double perSecond = size / time.TotalSeconds;
            bool gains = found.Count == 0 || perSecond > LeastGain * found[^1].ImagesPerSecond;
            if (gains)
            {
                found.Add(new(size, perSecond));
            }

            // Two doublings without a gain, and no more is to be had.
            if (found[^1].Size * 4 <= size || 2 * time > LongestRun)
            {
                break;
            }
        }

        return found;
    }

    // The fastest run: what disturbs a measurement only ever makes it slower.
    private static async Task<TimeSpan> Time(ServedModel served, int size, bool once, CancellationToken stop)
    {
        using var batch = served.Classifier.CreateBatch(size);
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
