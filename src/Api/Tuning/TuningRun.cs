using Fovea.Api.Scheduling;
using Fovea.Api.Serving;
using Fovea.Api.Telemetry;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Api.Tuning;

/// <summary>Runs the trials of an <see cref="Exploration"/> on a served model.</summary>
internal sealed class TuningRun(ServedModel served, RequestsInFlight inFlight, TimeProvider time, ILogger<ModelTuner> log)
{
    // Synthetic batches are run after this time without a request; BetweenLooks is the pause between two checks for that.
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(50), BetweenLooks = TimeSpan.FromMilliseconds(20);

    // The exploration pauses after this time without a new sample: requests make no batches of the wanted size, and leave no idle time.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Runs trials until enough is known, or until no trial has made progress for 10 s. Meanwhile, requests are run by the kind of session
    /// that has proved the fastest so far.
    /// </summary>
    /// <param name="exploration">The exploration that chooses the trials. Sessions of its kinds are in use.</param>
    /// <param name="sessions">The sessions of the model.</param>
    /// <param name="isDone">Whether enough is known.</param>
    /// <param name="stop">Ends the tuning.</param>
    /// <returns>Whether enough is known.</returns>
    public async Task<bool> Try(Exploration exploration, TunedSessions sessions, Func<bool> isDone, CancellationToken stop)
    {
        using var synthetic = new SyntheticRuns(served.Classifier, inFlight);
        served.Scheduler.Exploration = exploration;
        try
        {
            int samples = 0;
            long progress = time.GetTimestamp();
            while (!isDone() && time.GetElapsedTime(progress) < Patience)
            {
                stop.ThrowIfCancellationRequested();
                if (inFlight.Quiet < Quiet || exploration.Next(HasSession) is not { } trial)
                {
                    await Task.Delay(BetweenLooks, time, stop);
                }
                else
                {
                    await Task.Run(() => RunSynthetic(synthetic, trial, exploration), CancellationToken.None);
                }

                if (exploration.Samples is var now && now > samples)
                {
                    (samples, progress) = (now, time.GetTimestamp());
                    if (exploration.Leader is { } fastest)
                    {
                        await sessions.Prefer(fastest);
                    }
                }
            }

            return isDone();
        }
        finally
        {
            served.Scheduler.Exploration = null;
        }
    }

    private bool HasSession(Trial trial) => served.Scheduler.Sessions.Find(trial.Kind) is not null;

    private void RunSynthetic(SyntheticRuns synthetic, Trial trial, Exploration exploration)
    {
        try
        {
            synthetic.Run(trial, served.Scheduler.Sessions.Find(trial.Kind)!, exploration);
        }
        catch (OnnxRuntimeException e)
        {
            log.TrialFailed(e, served.Name, served.Version, trial.ToString());
            exploration.Fail(trial);
        }
    }
}
