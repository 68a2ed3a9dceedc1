using Fovea.Api.Jobs;
using Fovea.Api.Telemetry;

namespace Fovea.Api.FineTuning;

/// <summary>Logs once per outage that the feeds of a process cannot read the database, however many feeds there are. Thread-safe.</summary>
internal sealed class FeedOutage(ILogger log)
{
    // The number of beginnings and ends of outages. It is odd during an outage.
    private int turns;

    /// <summary>
    /// The number of beginnings and ends of outages so far. A read notes it before it starts: a result that arrives after the next
    /// beginning or end says nothing about the present.
    /// </summary>
    public int Turns => Volatile.Read(ref turns);

    /// <summary>Logs the reason of a failed read, unless the outage is logged already.</summary>
    /// <param name="error">The error of the read.</param>
    /// <param name="started"><see cref="Turns"/> before the read.</param>
    /// <returns>Whether the outage is logged, now or before; false: the read says nothing about the present.</returns>
    public bool Begin(Exception error, int started)
    {
        if (int.IsEvenInteger(started) && Interlocked.CompareExchange(ref turns, started + 1, started) == started)
        {
            log.JobsUnreachable(StateDatabase.Reason(error));
        }

        return int.IsOddInteger(Turns);
    }

    /// <summary>Notes that a read has succeeded, so that the next outage is logged.</summary>
    /// <param name="started"><see cref="Turns"/> before the read.</param>
    public void End(int started)
    {
        if (int.IsOddInteger(started))
        {
            Interlocked.CompareExchange(ref turns, started + 1, started);
        }
    }
}
