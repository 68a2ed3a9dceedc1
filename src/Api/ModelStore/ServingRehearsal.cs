using Fovea.Models;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Api;

/// <summary>
/// Runs a model in all the ways in which the service may come to serve it, with the images that need most at the same time, so that what it needs of memory is
/// known before it serves: the session that answers at once; runs side by side on all processors, of the graph as it is and rewritten; and a run spread over all
/// processors. All sessions stay open, since a session keeps the memory that its largest run took.
/// </summary>
/// <param name="classifier">The model, opened to be ready at once.</param>
/// <param name="maxBatch">The most images that the service runs together, at least 1.</param>
/// <param name="step">Is told what comes next, in words that follow "for".</param>
internal sealed class ServingRehearsal(Classifier classifier, int maxBatch, Action<string> step) : IDisposable
{
    // The service makes no batch that would run longer, since requests behind it wait.
    private static readonly TimeSpan LongestRun = TimeSpan.FromMilliseconds(500);

    private readonly List<Classifier> opened = [];
    private readonly TestImages images = new(classifier.Preprocessing);

    /// <summary>Whether an error means that memory is exhausted.</summary>
    public static bool IsMemory(Exception e) => e is OutOfMemoryException || (e is OnnxRuntimeException or FoveaException
        && (e.Message.Contains("allocat", StringComparison.OrdinalIgnoreCase) || e.Message.Contains("bad_alloc", StringComparison.Ordinal)));

    /// <summary>Runs the model in each way.</summary>
    /// <exception cref="FoveaException"><see cref="Fovea.Models.ErrorCode.BadModelFile"/>: an output is not finite.</exception>
    /// <exception cref="OnnxRuntimeException">A run fails. <see cref="IsMemory"/> tells whether for want of memory.</exception>
    public void Run()
    {
        int processors = Environment.ProcessorCount;
        for (int image = 0; image < TestImages.Count; image++)
        {
            RunTogether(classifier, lanes: 1, Smallest, image);
        }

        if (!classifier.CanRunSideBySide)
        {
            RunLarger(classifier, lanes: 1);
            return;
        }

        RunLarger(Open("a second session, for runs side by side", () => classifier.OpenAgain())!, processors);
        if (Open("a session with rewritten operators", () => classifier.OpenAgain(rewritten: true)) is { } rewritten)
        {
            RunLarger(rewritten, processors);
        }

        // Fewer images than processors are run as one, spread over all.
        var spread = Open("a session for runs on all processors", () => classifier.OpenAgain(spread: true))!;
        RunTogether(spread, lanes: 1, Smallest);
        if (classifier.FixedBatch is null && Math.Min(processors - 1, maxBatch) is > 1 and var few)
        {
            TryTogether(spread, lanes: 1, few);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => opened.ForEach(model => model.Dispose());

    private int Smallest => classifier.FixedBatch ?? 1;

    private Classifier? Open(string name, Func<Classifier?> open)
    {
        step(name);
        var model = open();
        if (model is not null)
        {
            opened.Add(model);
        }

        return model;
    }

    // Each size twice the one before, as long as the service would try it.
    private void RunLarger(Classifier model, int lanes)
    {
        var time = RunTogether(model, lanes, Smallest);
        for (int size = 2 * Smallest; model.FixedBatch is null && size <= maxBatch && 2 * time < LongestRun; size *= 2)
        {
            if (TryTogether(model, lanes, size) is not { } longer)
            {
                break;
            }

            time = longer;
        }
    }

    // The service serves a network that takes one image only, whatever its input says, one by one; null then.
    private TimeSpan? TryTogether(Classifier model, int lanes, int size)
    {
        try
        {
            var time = RunTogether(model, lanes, size);

            // The first run of a size takes memory anew, which the next ones find there.
            return 2 * time < LongestRun ? time : Min(time, RunTogether(model, lanes, size));
        }
        catch (OnnxRuntimeException e) when (!IsMemory(e))
        {
            return null;
        }
    }

    // Gives the processor time of one run, which other processes do not lengthen.
    private TimeSpan RunTogether(Classifier model, int lanes, int size, int firstImage = 0)
    {
        var one = size == 1 ? "1 image" : $"{size} images";
        step(lanes == 1 ? $"a run of {one}" : $"{lanes} runs of {one} each, at the same time");
        int capacity = model.FixedBatch ?? Math.Max(size, Math.Min(size * lanes, maxBatch));
        var batches = new List<Batch>();
        try
        {
            // One more takes images while the others run.
            for (int i = 0; i <= lanes; i++)
            {
                batches.Add(model.CreateBatch(((int[])[size, capacity]).Distinct()));
                images.Fill(batches[i], firstImage);
            }

            var before = Environment.CpuUsage.TotalTime;
            SideBySide.Run(batches.Take(lanes).Select(batch => (Action)(() => batch.Run(size))));
            var time = (Environment.CpuUsage.TotalTime - before) / Environment.ProcessorCount;
            foreach (var batch in batches.Take(lanes))
            {
                TestImages.RequireFinite(batch, size, firstImage, model.GivesProbabilities);
            }

            return time;
        }
        finally
        {
            batches.ForEach(batch => batch.Dispose());
        }
    }

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
