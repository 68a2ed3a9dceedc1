namespace Fovea.Benchmarks.Simulation;

/// <summary>
/// The number of replicas that Kubernetes' horizontal autoscaler sets for a figure of KEDA (metric type AverageValue), with its defaults:
/// it decides every 15 s, leaves deviations of up to 10 % alone, adds at most 4 replicas or as many as there are, whichever is more, and
/// takes away only what it wanted to take away during all of the last five minutes.
/// </summary>
/// <remarks>See <see href="https://kubernetes.io/docs/concepts/workloads/autoscaling/horizontal-pod-autoscale/"/>.</remarks>
/// <param name="threshold">The figure for each replica, above 0.</param>
/// <param name="least">The smallest number of replicas, from 1.</param>
/// <param name="most">The largest number of replicas.</param>
internal sealed class AutoscalerRule(double threshold, int least, int most)
{
    /// <summary>The seconds between two decisions.</summary>
    public const int PeriodSeconds = 15;

    private const int Decisions = 300 / PeriodSeconds, FewestAdded = 4;
    private const double Tolerance = 0.1;

    private readonly Queue<int> wishes = [];

    /// <summary>Decides once.</summary>
    /// <param name="figure">The value of the query, such as the requests in flight of all replicas.</param>
    /// <param name="replicas">The present number of replicas, also those that are not ready yet.</param>
    /// <returns>The new number of replicas.</returns>
    public int Decide(double figure, int replicas)
    {
        bool isClose = Math.Abs((figure / (threshold * replicas)) - 1) <= Tolerance;
        int wish = isClose ? replicas : (int)Math.Min(Math.Ceiling(figure / threshold), most);
        wishes.Enqueue(wish);
        if (wishes.Count > Decisions)
        {
            wishes.Dequeue();
        }

        int wanted = wish < replicas ? Math.Min(replicas, wishes.Max()) : Math.Min(wish, Math.Max(2 * replicas, replicas + FewestAdded));
        return Math.Clamp(wanted, least, most);
    }
}
