using System.Globalization;

namespace Fovea.Benchmarks.Simulation;

/// <summary>
/// A day of traffic before replicas whose number the rule of docker/kubernetes/overlays/cluster/scaling.yaml sets, beside a perfect scaler:
/// one that knows the traffic, and whose replicas are ready at the moment they are needed.
/// </summary>
internal static class DaySimulation
{
    private const int Slots = 2, MostInFlight = 256, DaySeconds = 86_400;

    // Prometheus reads the figures every 15 s and the query takes the mean of a minute.
    private const int ScrapeSeconds = 15, Scrapes = 4;

    // The share of the time that the perfect scaler's replicas work, and that the replicas at noon need.
    private const double BusyShare = 0.8;

    /// <summary>Prints a table: fleets of several sizes, for several thresholds of the rule.</summary>
    /// <param name="imagesPerSecond">The images that one replica of two processors answers per second.</param>
    /// <param name="startSeconds">The seconds from the rule's decision until a new replica is ready.</param>
    /// <param name="seed">The seed of the traffic.</param>
    public static int Run(double imagesPerSecond, double startSeconds, int seed)
    {
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{imagesPerSecond} images/s a replica, ready {startSeconds} s after the decision, seed {seed}; one image takes "
                + $"{Slots / imagesPerSecond:F3} s"));
        Console.WriteLine("fleet at noon  threshold  p50 s  p99 s   refused %  most replicas  replica hours  of the perfect scaler's");
        foreach (int size in new[] { 10, 100, 1_000, 10_000 })
        {
            var perfect = Day(size, null, imagesPerSecond, startSeconds, seed);
            Print(size, "perfect", perfect, perfect);
            foreach (double threshold in new[] { 8, 4, 2, 1.6 })
            {
                var day = Day(size, threshold, imagesPerSecond, startSeconds, seed);
                Print(size, threshold.ToString(CultureInfo.InvariantCulture), day, perfect);
            }
        }

        return 0;
    }

    /// <summary>Simulates a day.</summary>
    /// <param name="size">The replicas that noon needs.</param>
    /// <param name="threshold">The requests in flight for each replica; null: the perfect scaler.</param>
    /// <param name="imagesPerSecond">The images that one replica answers per second.</param>
    /// <param name="startSeconds">The seconds until a new replica is ready.</param>
    /// <param name="seed">The seed of the traffic.</param>
    public static DayOutcome Day(int size, double? threshold, double imagesPerSecond, double startSeconds, int seed)
    {
        double stepSeconds = Slots / imagesPerSecond, replicaSeconds = 0;
        var traffic = new DayOfTraffic(size * imagesPerSecond * BusyShare, seed);
        var queue = new ReplicaQueue(Slots, MostInFlight);
        var rule = threshold is { } figure ? new AutoscalerRule(figure, Math.Max(2, size / 10), 2 * size) : null;
        var fleet = new Fleet(Needed(0), startSeconds);
        var scrapes = new Queue<long>();
        int most = 0;
        double nextScrape = 0, nextDecision = 0;
        for (double now = 0; now < DaySeconds; now += stepSeconds)
        {
            fleet.Advance(now);
            int ready = rule is null ? Needed(now) : fleet.Ready;
            queue.Step(traffic.Arrivals(traffic.Rate(now) * stepSeconds), ready);
            int all = rule is null ? ready : fleet.All;
            (most, replicaSeconds) = (Math.Max(most, all), replicaSeconds + (all * stepSeconds));
            if (now >= nextScrape)
            {
                nextScrape += ScrapeSeconds;
                scrapes.Enqueue(queue.InFlight);
                if (scrapes.Count > Scrapes)
                {
                    scrapes.Dequeue();
                }
            }

            if (rule is not null && now >= nextDecision)
            {
                nextDecision += AutoscalerRule.PeriodSeconds;
                fleet.Resize(rule.Decide(scrapes.Average(), all), now);
            }
        }

        return new(
            queue.Percentile(0.5) * stepSeconds,
            queue.Percentile(0.99) * stepSeconds,
            100.0 * queue.Refused / (queue.Answered + queue.Refused),
            most,
            replicaSeconds / 3600);

        int Needed(double now) => Math.Max(1, (int)Math.Ceiling(traffic.Rate(now) / (imagesPerSecond * BusyShare)));
    }

    private static void Print(int size, string rule, DayOutcome day, DayOutcome perfect) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{size,13}  {rule,9}  {day.Median,5:F2}  {day.P99,5:F2}  {day.RefusedPercent,10:F3}  {day.MostReplicas,13}  "
            + $"{day.ReplicaHours,13:F0}  {day.ReplicaHours / perfect.ReplicaHours,23:F2}"));
}
