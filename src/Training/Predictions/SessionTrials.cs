using System.Diagnostics;
using System.Runtime.ExceptionServices;
using Fovea.Models.Runtime;

namespace Fovea.Training.Predictions;

/// <summary>
/// Finds the fastest way to run a model while it classifies images. A way is a session with a number of images for each run. If there are
/// enough images, and the model allows it, each run uses one core and several runs go on at the same time; otherwise each run uses all
/// cores. Thread-safe.
/// </summary>
internal sealed class SessionTrials : IDisposable
{
    private const int LeastImagesPerCore = 16;

    // A candidate that was slower by this factor in its first timed run gets no further trial.
    private const double MuchSlower = 1.15;

    private static readonly SessionKind[] Kinds = [SessionKind.OneCore, SessionKind.OneCoreRewritten];

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
        int[] sizes = model.FixedBatch is null && batchSize > 1 ? [batchSize, 1] : [batchSize];
        var sessions = new ModelSession?[Kinds.Length];
        OnEachKind(i => sessions[i] = model.Open(Kinds[i]));
        candidates = [.. sessions.OfType<ModelSession>().SelectMany(session => sizes.Select(size => new Candidate(session, size)))];
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

        double best = candidate.Run(batch, count);
        lock (gate)
        {
            candidate.Runs++;
            candidate.Best = Math.Min(candidate.Best, best);
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

    // Opens the sessions at the same time: opening one takes a core for a second or so.
    private static void OnEachKind(Action<int> open)
    {
        try
        {
            Parallel.For(0, Kinds.Length, open);
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
        }
    }

    private Candidate Next()
    {
        lock (gate)
        {
            double best = candidates.Min(candidate => candidate.Best);
            var next = candidates.Where(candidate => candidate.NeedsTrial(best)).MinBy(candidate => candidate.Begun)
                ?? candidates.MinBy(candidate => candidate.Best)!;
            next.Begun++;
            return next;
        }
    }

    private sealed class Candidate(ModelSession session, int size)
    {
        // The numbers of batches that a candidate runs as trials. The first run of each size also allocates memory, so its time does not
        // count. A batch that is run image by image has further runs that count; a batch that is one run does not, so a second batch is
        // needed.
        private const int LeastRuns = 2, MostRuns = 3;

        public ModelSession Session { get; } = session;

        public int Begun { get; set; }

        public int Runs { get; set; }

        // The shortest time so far, in seconds for each image.
        public double Best { get; set; } = double.MaxValue;

        // Whether the candidate needs another batch as a trial. The best candidates get one more than the others.
        public bool NeedsTrial(double best)
        {
            int least = size == 1 ? LeastRuns - 1 : LeastRuns;
            return Begun < least || (Begun < MostRuns && Runs == Begun && Best < best * MuchSlower);
        }

        // Runs a batch, and returns the shortest time of a run, in seconds for each image; the largest number if no time counts.
        public double Run(InferenceBatch batch, int count)
        {
            double shortest = double.MaxValue;
            for (int first = 0; first < count; first += size)
            {
                int taken = Math.Min(size, count - first);
                long start = Stopwatch.GetTimestamp();
                batch.Run(Session, first, taken);
                double time = Stopwatch.GetElapsedTime(start).TotalSeconds / taken;
                shortest = Runs == 0 && first == 0 ? shortest : Math.Min(shortest, time);
            }

            return shortest;
        }
    }
}
