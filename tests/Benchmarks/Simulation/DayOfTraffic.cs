namespace Fovea.Benchmarks.Simulation;

/// <summary>
/// A day of requests: few at night and many at noon, six times as many as at midnight, with eight rushes of ten minutes in which the rate
/// grows by half within a minute. Requests arrive independently of each other (a Poisson process).
/// </summary>
internal sealed class DayOfTraffic
{
    private const double Seconds = 86_400, NightShare = 1.0 / 6, RushSeconds = 600, RampSeconds = 60, RushGrowth = 0.5;
    private const int Rushes = 8;

    // Below this mean, numbers of arrivals are drawn exactly; above it from the normal distribution, which is then close.
    private const double LargeMean = 50;

    private readonly double peak;
    private readonly Random random;
    private readonly double[] rushes;

    /// <summary>Makes a day.</summary>
    /// <param name="peak">The requests per second at noon, without a rush.</param>
    /// <param name="seed">The seed of the rushes and of the arrivals.</param>
    public DayOfTraffic(double peak, int seed)
    {
        (this.peak, random) = (peak, new Random(seed));
        rushes = [.. Enumerable.Range(0, Rushes).Select(_ => random.NextDouble() * Seconds)];
    }

    /// <summary>The requests per second that are expected at a time, in seconds from midnight.</summary>
    public double Rate(double second)
    {
        double noon = Math.Sin(Math.PI * second / Seconds);
        double rush = rushes.Max(start => Math.Clamp(Math.Min(second - start, start + RushSeconds - second) / RampSeconds, 0, 1));
        return peak * (NightShare + ((1 - NightShare) * noon * noon)) * (1 + (RushGrowth * rush));
    }

    /// <summary>Draws the number of requests that arrive in a time for which this number is expected.</summary>
    public long Arrivals(double expected)
    {
        if (expected > LargeMean)
        {
            double normal = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
            return Math.Max(0, (long)Math.Round(expected + (Math.Sqrt(expected) * normal)));
        }

        // The arrivals of a Poisson process before the time 1: their distances are exponential.
        long count = 0;
        for (double product = 1 - random.NextDouble(), limit = Math.Exp(-expected); product > limit; product *= 1 - random.NextDouble())
        {
            count++;
        }

        return count;
    }
}
