using System.Diagnostics;
using Fovea.Models;

namespace Fovea.Api;

/// <summary>
/// Finds how a model runs best on this machine: its batch sizes, 1 and each power of two that puts more images through in a second than every
/// smaller one; whether it gains by being rewritten; and whether a lone run is faster spread over all processors.
/// </summary>
internal sealed class BatchSizes(ServingSettings settings, SizesFile file)
{
    // What a larger batch, another form and spreading must gain to be worth what they take; less is noise.
    private const double LeastGain = 1.01, LeastGainOfLarge = 1.05, LeastRewrittenGain = 1.05, LeastSpreadGain = 1.1;

    // A batch keeps those behind it waiting, so none is tried that would take longer than this.
    private static readonly TimeSpan LongestRun = TimeSpan.FromMilliseconds(500), LongestTrial = TimeSpan.FromMilliseconds(200);

    /// <summary>The sizes, the smallest first, remembered or measured; each has been run, so that its first request waits for nothing. The model runs side by side from now on where it can.</summary>
    public async Task<IReadOnlyList<MeasuredSize>> Find(ServedModel served, CancellationToken stop)
    {
        var key = await SizesFile.Key(served.Classifier.File, stop);
        MeasuredSize[] sizes = [.. (file.Find(key) ?? []).Where(size => size.Size <= settings.MaxBatch || served.Classifier.FixedBatch is not null)];
        if (sizes.Length == 0)
        {
            sizes = [.. await Measure(served, stop)];
            file.Remember(key, sizes);
        }

        await Prepare(served, sizes, stop);
        return sizes;
    }

    private async Task<IReadOnlyList<MeasuredSize>> Measure(ServedModel served, CancellationToken stop)
    {
        var model = served.Classifier;
        if (!model.CanRunSideBySide)
        {
            return await Measure(served, model, rewritten: false, stop);
        }

        var sizes = await MeasureSideBySide(served, rewritten: false, stop);
        var others = await MeasureSideBySide(served, rewritten: true, stop);
        sizes = others is [.., var best] && best.ImagesPerSecond >= LeastRewrittenGain * sizes[^1].ImagesPerSecond ? others : sizes;
        using var whole = model.OpenAgain(spread: true)!;
        var spread = await Measure(served, whole, model.FixedBatch ?? 1, stop) with { Spread = true };
        return spread.ImagesPerSecond >= LeastSpreadGain * sizes[0].ImagesPerSecond ? [.. sizes, spread] : sizes;
    }

    // What the trials took is given back with the session that they were made with.
    private async Task<IReadOnlyList<MeasuredSize>> MeasureSideBySide(ServedModel served, bool rewritten, CancellationToken stop)
    {
        using var lanes = served.Classifier.OpenAgain(rewritten: rewritten);
        return lanes is null ? [] : await Measure(served, lanes, rewritten, stop);
    }

    private static async Task Prepare(ServedModel served, MeasuredSize[] sizes, CancellationToken stop)
    {
        var model = served.Classifier;
        if (model.CanRunSideBySide)
        {
            model.RunSideBySide(sizes.Any(size => size.Rewritten), sizes.Any(size => size.Spread));
        }

        foreach (var known in sizes)
        {
            using var batch = model.CreateBatch(known.Size);
            stop.ThrowIfCancellationRequested();
            await served.Batcher.Alone(() => batch.Run(0, known.Size, known.Spread));
        }
    }

    // Twice, since whatever disturbs the machine for a second or two would decide between sizes.
    private async Task<IReadOnlyList<MeasuredSize>> Measure(ServedModel served, Classifier classifier, bool rewritten, CancellationToken stop)
    {
        MeasuredSize[] measured = [.. await Walk(served, classifier, stop), .. await Walk(served, classifier, stop)];
        double least = classifier.IsLarge ? LeastGainOfLarge : LeastGain;
        var found = new List<MeasuredSize>();
        foreach (var size in measured.GroupBy(size => size.Size, (_, same) => same.MaxBy(size => size.ImagesPerSecond)!).OrderBy(size => size.Size))
        {
            if (found.Count == 0 || size.ImagesPerSecond > least * found[^1].ImagesPerSecond)
            {
                found.Add(size with { Rewritten = rewritten });
            }
        }

        return found;
    }

    private async Task<List<MeasuredSize>> Walk(ServedModel served, Classifier classifier, CancellationToken stop)
    {
        var measured = new List<MeasuredSize>();
        int first = classifier.FixedBatch ?? 1;
        for (int size = first; size <= settings.MaxBatch || size == first; size *= 2)
        {
            measured.Add(await Measure(served, classifier, size, stop));

            // Two doublings without a gain, and no more is to be had.
            if (measured.MaxBy(known => known.ImagesPerSecond)!.Size * 4 <= size || 2 * size > LongestRun.TotalSeconds * measured[^1].ImagesPerSecond || classifier.FixedBatch is not null)
            {
                break;
            }
        }

        return measured;
    }

    private static async Task<MeasuredSize> Measure(ServedModel served, Classifier classifier, int size, CancellationToken stop) =>
        new(size, size / (await Time(served, classifier, size, stop)).TotalSeconds);

    // The fastest run: what disturbs a measurement only ever makes it slower.
    private static async Task<TimeSpan> Time(ServedModel served, Classifier classifier, int size, CancellationToken stop)
    {
        using var batch = classifier.CreateBatch(size);
        await served.Batcher.Alone(() => batch.Run(size));
        var fastest = TimeSpan.MaxValue;
        long start = Stopwatch.GetTimestamp();
        for (int runs = 0; runs < 2 || Stopwatch.GetElapsedTime(start) < LongestTrial; runs++)
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
