using Fovea.Api.Scheduling;
using Fovea.Models.Errors;
using Fovea.Models.Runtime;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Api.ModelRepository;

/// <summary>
/// Runs a model in all the ways in which the service may serve it, with as many images at the same time, to find out the memory that it
/// needs before it serves: runs on all cores, and runs side by side on one core each, of the original graph and of the rewritten one. All
/// sessions stay open, since the service compares them with each other, and a session keeps the memory of its largest run.
/// </summary>
/// <param name="classifier">The model, on the CPU.</param>
/// <param name="maxBatch">The most images that the service runs together, at least 1.</param>
/// <param name="step">Receives the next step, in words that follow "for".</param>
internal sealed class ServingRehearsal(Classifier classifier, int maxBatch, Action<string> step) : IDisposable
{
    // The service never makes a run that takes longer than this.
    private static readonly TimeSpan LongestRun = TimeSpan.FromSeconds(SchedulingPolicy.LongestRun);

    private readonly List<ModelSession> opened = [];
    private readonly TestImages images = new(classifier.Preprocessing);

    /// <summary>Whether an error means that memory is exhausted.</summary>
    public static bool IsMemory(Exception e) => e is OutOfMemoryException || (e is OnnxRuntimeException or FoveaException
        && (e.Message.Contains("allocat", StringComparison.OrdinalIgnoreCase)
            || e.Message.Contains("bad_alloc", StringComparison.Ordinal)));

    /// <summary>Runs the model in each way.</summary>
    /// <exception cref="RefusalException"><see cref="Models.Errors.ErrorCode.BadModelFile"/>: an output is not finite.</exception>
    /// <exception cref="OnnxRuntimeException">A run fails. <see cref="IsMemory"/> tells whether for want of memory.</exception>
    public void Run()
    {
        var onAllCores = classifier.TakeSession();
        opened.Add(onAllCores);
        for (int image = 0; image < TestImages.Count; image++)
        {
            RunTogether(onAllCores, runs: 1, Smallest, image);
        }

        if (!classifier.CanRunSideBySide)
        {
            RunLarger(onAllCores, runs: 1);
            return;
        }

        int cores = Environment.ProcessorCount;
        RunLarger(Open("a session for runs on one core each", SessionKind.OneCore)!, cores);
        if (Open("a session with rewritten operators", SessionKind.OneCoreRewritten) is { } rewritten)
        {
            RunLarger(rewritten, cores);
        }

        // Fewer images than cores may run as one.
        if (classifier.FixedBatch is null && Math.Min(cores - 1, maxBatch) is > 1 and var few)
        {
            TryTogether(onAllCores, runs: 1, few);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => opened.ForEach(session => session.Dispose());

    private int Smallest => classifier.FixedBatch ?? 1;

    private ModelSession? Open(string name, SessionKind kind)
    {
        step(name);
        var session = classifier.Open(kind);
        if (session is not null)
        {
            opened.Add(session);
        }

        return session;
    }

    // Each size is twice the previous one, up to the size at which the service would stop trying.
    private void RunLarger(ModelSession session, int runs)
    {
        var time = RunTogether(session, runs, Smallest);
        for (int size = 2 * Smallest; classifier.FixedBatch is null && size <= maxBatch && 2 * time < LongestRun; size *= 2)
        {
            if (TryTogether(session, runs, size) is not { } longer)
            {
                break;
            }

            time = longer;
        }
    }

    // Returns null if the run fails for another reason than memory. The service runs images one by one if a network takes only single
    // images, even though its input has a free batch size.
    private TimeSpan? TryTogether(ModelSession session, int runs, int size)
    {
        try
        {
            var time = RunTogether(session, runs, size);

            // The first run of a size allocates memory, which takes time, so a slow first run is measured again.
            return 2 * time < LongestRun ? time : Min(time, RunTogether(session, runs, size));
        }
        catch (OnnxRuntimeException e) when (!IsMemory(e))
        {
            return null;
        }
    }

    // Returns the processor time of one run, which requests that are served meanwhile do not lengthen.
    private TimeSpan RunTogether(ModelSession session, int runs, int size, int firstImage = 0)
    {
        var one = size == 1 ? "1 image" : $"{size} images";
        step(runs == 1 ? $"a run of {one}" : $"{runs} runs of {one} each, at the same time");
        int capacity = classifier.FixedBatch ?? Math.Max(size, Math.Min(size * runs, maxBatch));
        var batches = new List<InferenceBatch>();
        try
        {
            // One more batch takes images while the others run.
            for (int i = 0; i <= runs; i++)
            {
                batches.Add(classifier.CreateBatch(session, ((int[])[size, capacity]).Distinct()));
                images.Fill(batches[i], firstImage);
            }

            var before = Environment.CpuUsage.TotalTime;
            SideBySide.Run(batches.Take(runs).Select(batch => (Action)(() => batch.Run(session, 0, size))));
            var time = (Environment.CpuUsage.TotalTime - before) / Environment.ProcessorCount;
            foreach (var batch in batches.Take(runs))
            {
                TestImages.RequireFinite(batch, size, firstImage, classifier.GivesProbabilities);
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
