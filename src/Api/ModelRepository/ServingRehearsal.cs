using Fovea.Api.Scheduling;
using Fovea.Models.Errors;
using Fovea.Models.Runtime;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Api.ModelRepository;

/// <summary>
/// Runs a model in every way in which the service may run it, with as many images at the same time. So the memory that the model needs is
/// known before it serves. The ways are: one run on all cores; and runs side by side on one core each, of the original graph and of the
/// graph with rewritten operators. All sessions stay open, because the service keeps them open to compare their speed, and because a
/// session keeps the memory of its largest run.
/// </summary>
/// <param name="classifier">The model, on the CPU.</param>
/// <param name="maxBatch">The largest number of images that the service runs together, at least 1.</param>
/// <param name="step">Receives the name of each step before it starts, such as "a run of 2 images".</param>
internal sealed class ServingRehearsal(Classifier classifier, int maxBatch, Action<string> step) : IDisposable
{
    // The service chooses batches whose runs are shorter than this.
    private static readonly TimeSpan LongestRun = TimeSpan.FromSeconds(SchedulingPolicy.LongestRun);

    private readonly List<ModelSession> opened = [];
    private readonly TestImages images = new(classifier.Preprocessing);

    /// <summary>Whether an error means that memory is exhausted.</summary>
    public static bool IsMemory(Exception e) => e is OutOfMemoryException || (e is OnnxRuntimeException or FoveaException
        && (e.Message.Contains("allocat", StringComparison.OrdinalIgnoreCase)
            || e.Message.Contains("bad_alloc", StringComparison.Ordinal)));

    /// <summary>Runs the model in every way.</summary>
    /// <exception cref="RefusalException"><see cref="Models.Errors.ErrorCode.BadModelFile"/>: an output is not finite.</exception>
    /// <exception cref="OnnxRuntimeException">A run fails. <see cref="IsMemory"/> returns true if memory was exhausted.</exception>
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
            if (OpenRewrittenOnAllCores() is { } all)
            {
                RunLarger(all, runs: 1);
            }

            return;
        }

        int cores = Environment.ProcessorCount;
        RunLarger(Open("a session for runs on one core each", SessionKind.OneCore)!, cores);
        if (Open("a session with rewritten operators", SessionKind.OneCoreRewritten) is { } rewritten)
        {
            RunLarger(rewritten, cores);
        }

        if (OpenRewrittenOnAllCores() is { } spread)
        {
            RunTogether(spread, runs: 1, Smallest);
        }

        // The service may run a few images, fewer than the cores, as one batch on all cores.
        if (classifier.FixedBatch is null && Math.Min(cores - 1, maxBatch) is > 1 and var few)
        {
            TryTogether(onAllCores, runs: 1, few);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => opened.ForEach(session => session.Dispose());

    private int Smallest => classifier.FixedBatch ?? 1;

    private ModelSession? OpenRewrittenOnAllCores() => classifier.Runs(SessionKind.AllCoresRewritten)
        ? Open("a session with rewritten operators on all cores", SessionKind.AllCoresRewritten)
        : null;

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

    // Runs batches of growing size, each twice as large as the last, as long as the service might choose such a size.
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

    // Returns the time of the run; null if it fails for another reason than memory. Such a failure is allowed: a network may accept only
    // single images although its input declares a free batch size, and the service then runs images one by one.
    private TimeSpan? TryTogether(ModelSession session, int runs, int size)
    {
        try
        {
            var time = RunTogether(session, runs, size);

            // The first run of a batch size also allocates memory, which takes time. So a slow first run is measured again.
            return 2 * time < LongestRun ? time : Min(time, RunTogether(session, runs, size));
        }
        catch (OnnxRuntimeException e) when (!IsMemory(e))
        {
            return null;
        }
    }

    // Returns the processor time of one run. Unlike the elapsed time, it does not grow when the service answers requests meanwhile.
    private TimeSpan RunTogether(ModelSession session, int runs, int size, int firstImage = 0)
    {
        var one = size == 1 ? "1 image" : $"{size} images";
        step(runs == 1 ? $"a run of {one}" : $"{runs} runs of {one} each, at the same time");
        int capacity = classifier.FixedBatch ?? Math.Max(size, Math.Min(size * runs, maxBatch));
        var batches = new List<InferenceBatch>();
        try
        {
            // There is one batch more than runs, because the service fills another batch with images while the batches run.
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
