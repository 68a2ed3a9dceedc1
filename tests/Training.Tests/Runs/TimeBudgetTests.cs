using Fovea.Training.Runs;

namespace Fovea.Training.Tests.Runs;

public sealed class TimeBudgetTests
{
    private readonly JumpingClock clock = new();

    [Fact]
    public void Epoch_as_long_as_the_last_one_must_fit()
    {
        var budget = new TimeBudget(TimeSpan.FromSeconds(25), clock);
        budget.Epoch(0, () => Pass(10));
        Assert.True(budget.FitsEpoch);
        budget.Epoch(0, () => Pass(12));
        Assert.False(budget.FitsEpoch);
    }

    [Theory]
    [InlineData(1, true, "one step of eight is too little to judge by")]
    [InlineData(2, false, "8 steps of 4 s, and 2 s of validation, exceed 33 s")]
    public void Epoch_is_left_when_its_rest_and_its_validation_do_not_fit(int steps, bool fits, string why)
    {
        var budget = new TimeBudget(TimeSpan.FromSeconds(2 + 33), clock);
        budget.Validate(() => Pass(2));
        budget.Epoch(0, () =>
        {
            Pass(steps * 4);
            Assert.True(budget.FitsRest(steps, 8) == fits, why);
        });
        Assert.Equal(fits, budget.FitsEpoch);
    }

    [Fact]
    public void Resumed_epoch_is_judged_by_its_new_steps()
    {
        var budget = new TimeBudget(TimeSpan.FromSeconds(9), clock);
        budget.Epoch(6, () =>
        {
            Pass(4);
            Assert.True(budget.FitsRest(7, 8));
        });
    }

    [Fact]
    public void Run_without_a_limit_always_goes_on()
    {
        var budget = new TimeBudget(null, clock);
        budget.Epoch(0, () =>
        {
            Pass(1e6);
            Assert.True(budget.FitsRest(1, 2));
        });
        Assert.True(budget.FitsEpoch);
    }

    private int Pass(double seconds)
    {
        clock.Jump(TimeSpan.FromSeconds(seconds));
        return 0;
    }
}
