using Fovea.Benchmarks.Simulation;

namespace Fovea.Api.Tests.Deployment;

/// <summary>The simulation of tests/Benchmarks, beside what can be computed by hand.</summary>
public sealed class ScalingSimulationTests
{
    [Fact]
    public void Steady_arrivals_above_the_rate_wait_as_long_as_arithmetic_says()
    {
        // D/D/1: two arrive in each step and one is answered. Request k, from 0, comes in step k / 2 and is answered in step k.
        var queue = new ReplicaQueue(slots: 1, mostInFlight: 1_000);
        for (int i = 0; i < 500; i++)
        {
            queue.Step(2, 1);
        }

        Assert.Equal((500, 0, 501), (queue.Answered, queue.Refused, queue.InFlight));
        Assert.Equal(251, queue.Percentile(1));
        Assert.Equal(126, queue.MeanLatency);
    }

    [Fact]
    public void Requests_beyond_the_limit_are_refused()
    {
        // The queue is full from step 10 on. Then one of two is refused in each step.
        var queue = new ReplicaQueue(slots: 1, mostInFlight: 11);
        for (int i = 0; i < 110; i++)
        {
            queue.Step(2, 1);
        }

        Assert.Equal((110, 100, 11), (queue.Answered, queue.Refused, queue.InFlight));
    }

    [Theory, InlineData(0.5), InlineData(0.8), InlineData(0.9)]
    public void Random_arrivals_wait_as_long_as_in_the_closed_formula(double load)
    {
        // M/D/1, Pollaczek and Khinchine: the mean wait is load / (2 (1 - load)) service times.
        var (queue, traffic) = (new ReplicaQueue(slots: 1, mostInFlight: 100_000), new DayOfTraffic(1, seed: 1));
        for (int i = 0; i < 2_000_000; i++)
        {
            queue.Step(traffic.Arrivals(load), 1);
        }

        Assert.Equal(1 + (load / (2 * (1 - load))), queue.MeanLatency, tolerance: 0.03 * queue.MeanLatency);
    }

    [Theory]
    [InlineData(80, 10, 10)] // as many as the threshold allows
    [InlineData(87, 10, 10)] // within the tolerance of 10 %
    [InlineData(96, 10, 12)]
    [InlineData(400, 10, 20)] // at most twice as many
    [InlineData(80, 2, 6)] // or four more
    [InlineData(4_000, 30, 40)] // at most the largest number
    [InlineData(0, 10, 2)] // at least the smallest
    public void Rule_follows_the_figure_within_its_limits(double figure, int replicas, int expected) =>
        Assert.Equal(expected, new AutoscalerRule(threshold: 8, least: 2, most: 40).Decide(figure, replicas));

    [Fact]
    public void Rule_takes_replicas_away_only_after_five_minutes()
    {
        var rule = new AutoscalerRule(threshold: 8, least: 2, most: 40);
        int replicas = rule.Decide(160, 10);
        Assert.Equal(20, replicas);
        int decisions = 0;
        while ((replicas = rule.Decide(40, replicas)) == 20)
        {
            decisions++;
        }

        Assert.Equal(5, replicas);
        Assert.Equal(300 / AutoscalerRule.PeriodSeconds, decisions + 1);
    }

    [Fact]
    public void New_replicas_are_ready_after_their_start_and_the_newest_end_first()
    {
        var fleet = new Fleet(replicas: 2, startSeconds: 30);
        fleet.Resize(5, now: 0);
        fleet.Resize(9, now: 10);
        fleet.Advance(now: 30);
        Assert.Equal((5, 9), (fleet.Ready, fleet.All));
        fleet.Resize(6, now: 31);
        fleet.Advance(now: 40);
        Assert.Equal((6, 6), (fleet.Ready, fleet.All));
        fleet.Resize(3, now: 41);
        Assert.Equal((3, 3), (fleet.Ready, fleet.All));
    }

    [Fact]
    public void A_day_repeats_with_its_seed()
    {
        var day = DaySimulation.Day(10, threshold: 8, imagesPerSecond: 4, startSeconds: 30, seed: 1);
        Assert.Equal(day, DaySimulation.Day(10, threshold: 8, imagesPerSecond: 4, startSeconds: 30, seed: 1));
        Assert.InRange(day.MostReplicas, 2, 20);
    }
}
