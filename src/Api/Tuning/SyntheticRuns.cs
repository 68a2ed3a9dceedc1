using Fovea.Api.Scheduling;
using Fovea.Models.Runtime;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Api.Tuning;

/// <summary>
/// Runs trials of a model on images of zeros while no request is in flight. A run is given up within one operator when a request comes.
/// </summary>
/// <param name="classifier">The model.</param>
/// <param name="inFlight">The requests of all models.</param>
internal sealed class SyntheticRuns(Classifier classifier, RequestsInFlight inFlight) : IDisposable
{
    // Several short runs in one go; less than this is lost when a request comes.
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(50);

    private readonly Dictionary<Trial, InferenceBatch> batches = [];

    /// <summary>
    /// Runs a trial, at least once and until a sample of it is complete, and records the times. A run that was given up is not recorded.
    /// </summary>
    public void Run(Trial trial, ModelSession session, Exploration exploration)
    {
        var batch = Find(trial, session);
        var work = inFlight.TryBegin(batch.Cancel);
        if (work is null)
        {
            Discard(trial, batch);
            return;
        }

        try
        {
            bool isSampled = false;
            for (var spent = TimeSpan.Zero; spent < Longest && !isSampled && !work.IsCancelled;)
            {
                var clock = RunClock.Start(trial.Kind);
                batch.Run(session, 0, trial.Size);
                var time = clock.Elapsed;
                spent += time;
                isSampled = exploration.Record(trial.Kind, trial.Size, time.TotalSeconds);
            }
        }
        catch (OnnxRuntimeException) when (work.IsCancelled)
        {
            // The request that came goes first.
        }
        finally
        {
            work.Dispose();
            if (work.IsCancelled)
            {
                Discard(trial, batch);
            }
        }
    }

    /// <summary>Frees the memory of the trials; to be called before their sessions are disposed of.</summary>
    public void Dispose()
    {
        foreach (var batch in batches.Values)
        {
            batch.Dispose();
        }

        batches.Clear();
    }

    // A batch that was cancelled cannot be run again.
    private void Discard(Trial trial, InferenceBatch batch)
    {
        batches.Remove(trial);
        batch.Dispose();
    }

    private InferenceBatch Find(Trial trial, ModelSession session)
    {
        if (!batches.TryGetValue(trial, out var batch))
        {
            batches[trial] = batch = classifier.CreateBatch(session, trial.Size);
        }

        return batch;
    }
}
