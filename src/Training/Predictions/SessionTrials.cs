using System.Diagnostics;
using Fovea.Models.Runtime;

namespace Fovea.Training.Predictions;

/// <summary>
/// The ways in which a model may run, the fastest of which is found while they work: sessions, and the number of images of a run. Where
/// there are enough images and cores, a run stays on one core and several go on side by side; otherwise a run uses all cores. Several
/// threads may call it at once.
/// </summary>
internal sealed class SessionTrials : IDisposable
{
    private const int RunsOfTrial = 3, LeastImagesPerCore = 16;

    private readonly Lock gate = new();
    private readonly Lock allCores = new();
    private readonly Candidate[] candidates;

    /// <summary>Opens the sessions.</summary>
    /// <param name="model">The model, whose own session is taken.</param>
    /// <param name="images">The number of images that will be classified.</param>
    /// <param name="batchSize">The most images of a batch.</param>
    public SessionTrials(Classifier model, int images, int batchSize)
    {
        var own = model.TakeSession();
        if (!model.CanRunSideBySide || images < LeastImagesPerCore * Environment.ProcessorCount)
        {
            candidates = [new(own, batchSize)];
            return;
        }

        // Single images stay in a core's cache, and many share the weights that are read from memory.
        own.Dispose();
        int[] sizes = model.FixedBatch is null ? [batchSize, 1] : [batchSize];
        candidates =
        [
            .. new[] { SessionKind.OneCore, SessionKind.OneCoreRewritten }.Select(model.Open).OfType<ModelSession>()
                .SelectMany(session => sizes.Select(size => new Candidate(session, size))),
        ];
    }

    /// <summary>Any of the sessions, to make memory for batches with.</summary>
    public ModelSession First => candidates[0].Session;

    /// <summary>Runs a batch in the way that is tried or was fastest.</summary>
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
            // The first run allocates its memory.
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

        // Seconds for each image.
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
