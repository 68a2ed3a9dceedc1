namespace Fovea.Benchmarks.Simulation;

/// <summary>Replicas of which new ones need a time until they are ready. Replicas end at once.</summary>
/// <param name="replicas">The replicas that are ready at the beginning.</param>
/// <param name="startSeconds">The seconds from the decision until a new replica is ready.</param>
internal sealed class Fleet(int replicas, double startSeconds)
{
    // The replicas that start, the oldest first.
    private readonly LinkedList<(double ReadyAt, int Count)> starting = [];

    /// <summary>The replicas that are ready.</summary>
    public int Ready { get; private set; } = replicas;

    /// <summary>All replicas, also those that start.</summary>
    public int All => Ready + starting.Sum(start => start.Count);

    /// <summary>Sets the number of replicas. Those that were started last end first.</summary>
    public void Resize(int count, double now)
    {
        int all = All;
        if (count > all)
        {
            starting.AddLast((now + startSeconds, count - all));
        }

        for (int surplus = all - count; surplus > 0 && starting.Last is { } last; starting.RemoveLast())
        {
            if (last.Value.Count > surplus)
            {
                last.Value = (last.Value.ReadyAt, last.Value.Count - surplus);
                return;
            }

            surplus -= last.Value.Count;
        }

        Ready = Math.Min(Ready, count);
    }

    /// <summary>Makes those replicas ready whose time has come.</summary>
    public void Advance(double now)
    {
        while (starting.First is { } first && first.Value.ReadyAt <= now)
        {
            Ready += first.Value.Count;
            starting.RemoveFirst();
        }
    }
}
