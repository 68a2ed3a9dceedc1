namespace Fovea.Api.Tests;

public sealed class PaceTests
{
    // 60 ms an image in a lane, 40 ms spread: what is left of a run may be up to 20 ms for one image.
    private static readonly MeasuredSize[] Measured = [new(1, 1 / 0.060), new(4, 1 / 0.055), new(1, 1 / 0.040, Spread: true)];

    [Theory]
    [InlineData(1, 1, 0.039, false)]
    [InlineData(1, 1, 0.041, true)]
    [InlineData(1, 2, 0.041, false)]
    [InlineData(1, 2, 0.1, false)]
    [InlineData(2, 1, 0.041, false)]
    [InlineData(2, 1, 0.101, true)]
    [InlineData(1, 1, 0.5, true)]
    public void Images_wait_for_a_run_that_is_nearly_over(int running, int waiting, double now, bool wait)
    {
        var pace = Pace.Of(Measured);
        pace.Begin(running, now: 0);
        pace.Begin(1, now: -0.01);
        Assert.Equal(wait, pace.IsSoonerSpread(waiting, now));
    }

    [Fact]
    public void Nothing_waits_where_no_run_is_spread()
    {
        Assert.False(Pace.Of(Measured[..2]).IsSoonerSpread(1, now: 1));
        Assert.False(new Pace().IsSoonerSpread(1, now: 1));
    }
}
