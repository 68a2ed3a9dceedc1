using System.Diagnostics;
using Fovea.Models.Runtime;

namespace Fovea.Training.Predictions;

/// <summary>
/// Finds the fastest way to run a model while it classifies images. A way is a session with a number of images for each run. If there are
/// enough images, and the model allows it, each run uses one core and several runs go on at the same time; otherwise each run uses all
/// cores. Thread-safe.
/// </summary>
internal sealed class SessionTrials : IDisposable
{
    private const int RunsOfTrial = 3, LeastImagesPerCore = 16;

    private readonly Lock gate = new();
    private readonly Lock allCores = new();
    private readonly Candidate[] candidates;

    /// <summary>Opens the sessions.</summary>
    /// <param name="model">The model. Its session is taken, so the model itself cannot run afterwards.</param>
    /// <param name="images">The number of images that will be classified.</param>
    /// <param name="batchSize">The largest number of images in a batch.</param>
    public SessionTrials(Classifier model, int images, int batchSize)
    {
        var own = model.TakeSession();
        if (!model.CanRunSideBySide || images < LeastImagesPerCore * Environment.ProcessorCount)
        {
            candidates = [new(own, batchSize)];
            return;
        }

        // Runs of one image stay in a core's cache. Runs of many images share the weights that are read from memory. Both are tried.
        own.Dispose();
        int[] sizes = model.FixedBatch is null ? [batchSize, 1] : [batchSize];
        candidates =
        [
            .. new[] { SessionKind.OneCore, SessionKind.OneCoreRewritten }.Select(model.Open).OfType<ModelSession>()
                .SelectMany(session => sizes.Select(size => new Candidate(session, size))),
        ];
    }

    /// <summary>One of the sessions, for allocating the memory of batches.</summary>
    public ModelSession First => candidates[0].Session;

    /// <summary>Runs a batch, in a way that still needs trials or else in the fastest way so far.</summary>
    public void Run(InferenceBatch batch, int count)
    {
        var candidate = Next();
        if (candidate.Session.Kind.Spread)
        {
            lock (allCores)
            {
                candidate.Run(batch, count);
            }

            return;
        }

        long start = Stopwatch.GetTimestamp();
        candidate.Run(batch, count);
        var time = Stopwatch.GetElapsedTime(start);
        lock (gate)
        {
            // The first run also allocates memory, so its time does not count.
            candidate.Best = candidate.Runs++ == 0 ? candidate.Best : Math.Min(candidate.Best, time.TotalSeconds / count);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var session in candidates.Select(candidate => candidate.Session).Distinct())
        {
            session.Dispose();
        }
    }

    private Candidate Next()
    {
        lock (gate)
        {
            var rarest = candidates.MinBy(candidate => candidate.Begun)!;
            var next = rarest.Begun < RunsOfTrial ? rarest : candidates.MinBy(candidate => candidate.Best)!;
            next.Begun++;
            return next;
        }
    }

    private sealed class Candidate(ModelSession session, int size)
    {
        public ModelSession Session { get; } = session;

        public int Begun { get; set; }

        public int Runs { get; set; }

        // The shortest time so far, in seconds for each image.
        public double Best { get; set; } = double.MaxValue;

        public void Run(InferenceBatch batch, int count)
        {
            for (int first = 0; first < count; first += size)
            {
                batch.Run(Session, first, Math.Min(size, count - first));
            }
        }
    }
}
