namespace Fovea.Benchmarks.Simulation;

/// <summary>A simulated day.</summary>
/// <param name="Median">The median time of an answer in seconds, without network and decoding.</param>
/// <param name="P99">The time in seconds within which 99 % of the answers came.</param>
/// <param name="RefusedPercent">The share of requests that were refused with 429, in percent.</param>
/// <param name="MostReplicas">The largest number of replicas at one time.</param>
/// <param name="ReplicaHours">The sum of the replicas over the day, in hours; starting replicas count.</param>
internal sealed record DayOutcome(double Median, double P99, double RefusedPercent, int MostReplicas, double ReplicaHours);
