namespace Fovea.Benchmarks.Simulation;

/// <summary>
/// The requests before equal replicas, in order of their arrival. Time runs in steps; each step is as long as one image takes. In a step
/// each replica answers as many images as it has slots. A request that is answered in the step of its arrival has a latency of one step.
/// </summary>
/// <param name="slots">The images that a replica works on at the same time, from 1.</param>
/// <param name="mostInFlight">The requests that a replica admits; further ones are refused (<c>MaxQueue</c>).</param>
internal sealed class ReplicaQueue(int slots, int mostInFlight)
{
    // The requests that wait, the oldest first: the step of their arrival, and their number.
    private readonly Queue<(long Step, long Count)> waiting = [];
    private readonly List<long> latencies = [];
    private long step, waitingCount, rest;

    /// <summary>The requests that were refused so far.</summary>
    public long Refused { get; private set; }

    /// <summary>The requests that were answered so far.</summary>
    public long Answered { get; private set; }

    /// <summary>The requests in flight during the last step, those that were answered in it included.</summary>
    public long InFlight { get; private set; }

    /// <summary>The mean latency of the answered requests, in steps.</summary>
    public double MeanLatency => latencies.Select((count, i) => (double)count * (i + 1)).Sum() / Answered;

    /// <summary>Runs one step.</summary>
    /// <param name="arrivals">The requests that arrive in the step.</param>
    /// <param name="replicas">The replicas that are ready.</param>
    public void Step(long arrivals, int replicas)
    {
        long admitted = Math.Clamp(((long)replicas * mostInFlight) - waitingCount, 0, arrivals);
        Refused += arrivals - admitted;
        if (admitted > 0)
        {
            waiting.Enqueue((step, admitted));
            waitingCount += admitted;
        }

        InFlight = waitingCount;
        for (long free = (long)replicas * slots; free > 0 && waiting.TryPeek(out var oldest);)
        {
            // `rest` of the oldest requests were answered in earlier steps.
            long count = Math.Min(free, oldest.Count - rest);
            Count((int)(step - oldest.Step), count);
            (free, rest, waitingCount) = (free - count, rest + count, waitingCount - count);
            if (rest == oldest.Count)
            {
                waiting.Dequeue();
                rest = 0;
            }
        }

        step++;
    }

    /// <summary>Returns the latency in steps within which this share of the answered requests was answered.</summary>
    public int Percentile(double share)
    {
        long sum = 0;
        for (int i = 0; i < latencies.Count; i++)
        {
            if ((sum += latencies[i]) >= share * Answered)
            {
                return i + 1;
            }
        }

        return 0;
    }

    private void Count(int waited, long count)
    {
        while (latencies.Count <= waited)
        {
            latencies.Add(0);
        }

        latencies[waited] += count;
        Answered += count;
    }
}
