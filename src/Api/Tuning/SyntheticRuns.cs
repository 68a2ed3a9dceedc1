using Fovea.Api.Scheduling;
using Fovea.Models.Runtime;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Api.Tuning;

/// <summary>
/// Runs trials of a model on images of zeros while no request is in flight. When a request arrives, the run ends before its next operator.
/// </summary>
/// <param name="classifier">The model.</param>
/// <param name="inFlight">The counter of the requests of all models.</param>
internal sealed class SyntheticRuns(Classifier classifier, RequestsInFlight inFlight) : IDisposable
{
    // Short runs are repeated within one background work for at most this time.
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(50);

    private readonly Dictionary<Trial, InferenceBatch> batches = [];

    /// <summary>
    /// Repeats a trial until a time sample of it is complete, 50 ms have passed or a request arrives, and records the times. A run that a
    /// request has interrupted is not recorded.
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
            // A request arrived and cancelled the run.
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

    /// <summary>Frees the memory of the trials. Call this before their sessions are disposed of.</summary>
    public void Dispose()
    {
        foreach (var batch in batches.Values)
        {
            batch.Dispose();
        }

        batches.Clear();
    }

    // Frees a batch that was cancelled, because a cancelled batch cannot be run again.
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
