namespace Fovea.Api.Tests;

public sealed class PaceTests
{
    // 70 ms an image in a lane, 40 ms spread: what is left of a run may be up to 30 ms for one image, and up to 10 ms for two, which take 60 on average.
    private static readonly MeasuredSize[] Measured = [new(1, 1 / 0.070), new(4, 1 / 0.065), new(1, 1 / 0.040, Spread: true)];

    [Theory]
    [InlineData(1, 1, 0.039, false)]
    [InlineData(1, 1, 0.041, true)]
    [InlineData(1, 2, 0.059, false)]
    [InlineData(1, 2, 0.061, true)]
    [InlineData(1, 3, 0.5, false)]
    [InlineData(2, 1, 0.041, false)]
    [InlineData(2, 1, 0.111, true)]
    [InlineData(1, 1, 0.5, true)]
    public void Images_wait_for_a_run_that_is_nearly_over(int running, int waiting, double now, bool wait)
    {
        var pace = Pace.Of(Measured);
        pace.Begin(running, now: 0);
        pace.Begin(1, now: -0.01);
        Assert.Equal(wait, pace.IsSoonerSpread(waiting, now));
    }

    [Fact]
    public void Two_images_are_spread_at_once_where_a_run_was_over_sooner_than_thought()
    {
        var pace = Pace.Of(Measured);
        pace.Begin(1, now: 0);
        pace.Rest();
        Assert.True(pace.IsSoonerSpread(2, now: 0.001));
    }

    [Fact]
    public void Nothing_waits_where_no_run_is_spread()
    {
        Assert.False(Pace.Of(Measured[..2]).IsSoonerSpread(1, now: 1));
        Assert.False(new Pace().IsSoonerSpread(1, now: 1));
    }
}
