using Fovea.Api.Scheduling;
using Fovea.Api.Serving;
using Fovea.Api.Telemetry;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Api.Tuning;

/// <summary>Lets a served model try what an <see cref="Exploration"/> asks for.</summary>
internal sealed class TuningRun(ServedModel served, RequestsInFlight inFlight, TimeProvider time, ILogger<ModelTuner> log)
{
    // When no request has been in flight for this long, synthetic batches are run.
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(50), BetweenLooks = TimeSpan.FromMilliseconds(20);

    // Without a new sample for this long, neither requests nor idle time give what exploring needs.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Tries until nothing is left to try, or until there is nothing to try it on for a while.</summary>
    /// <param name="exploration">What to try; sessions of its kinds are in use.</param>
    /// <param name="stop">Gives up.</param>
    /// <returns>Whether all was tried.</returns>
    public async Task<bool> Try(Exploration exploration, CancellationToken stop)
    {
        using var synthetic = new SyntheticRuns(served.Classifier, inFlight);
        served.Scheduler.Exploration = exploration;
        try
        {
            int samples = 0;
            long progress = time.GetTimestamp();
            while (!exploration.IsDone && time.GetElapsedTime(progress) < Patience)
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

                int now = exploration.Samples;
                (samples, progress) = now > samples ? (now, time.GetTimestamp()) : (samples, progress);
            }

            return exploration.IsDone;
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
