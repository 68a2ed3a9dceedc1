using Fovea.Api.Jobs;
using Fovea.Api.Telemetry;

namespace Fovea.Api.FineTuning;

/// <summary>Logs once per outage that the feeds of a process cannot read the database, however many feeds there are. Thread-safe.</summary>
internal sealed class FeedOutage(ILogger log)
{
    private int isAway;

    /// <summary>Logs the reason unless the outage is logged already.</summary>
    /// <param name="error">The error of the failed read.</param>
    public void Begin(Exception error)
    {
        if (Interlocked.Exchange(ref isAway, 1) == 0)
        {
            log.JobsUnreachable(StateDatabase.Reason(error));
        }
    }

    /// <summary>Notes that a read has succeeded, so that the next outage is logged.</summary>
    public void End() => Volatile.Write(ref isAway, 0);
}
