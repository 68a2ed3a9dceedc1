using Fovea.Training.Recipes;

namespace Fovea.Training.Tests.Runs;

public class ScheduleTests
{
    [Theory]
    [InlineData("constant", 1, 0.2)]
    [InlineData("constant", 5, 1.0)]
    [InlineData("constant", 100, 1.0)]
    [InlineData("step", 5, 1.0)]
    [InlineData("step", 36, 1.0)]
    [InlineData("step", 38, 0.1)]
    [InlineData("step", 100, 0.01)]
    [InlineData("cosine", 5, 1.0)]
    [InlineData("cosine", 6, 1.0)]
    [InlineData("cosine", 53, 0.5)]
    [InlineData("cosine", 100, 0.0)]
    public void The_rate_rises_to_the_highest_and_then_follows_its_curve(string name, long step, double expected) =>
        Assert.Equal(3 * expected, Schedule.Rate(name, 3, warmUp: 0.05, step, steps: 100), 0.03);

    [Theory]
    [InlineData("constant")]
    [InlineData("step")]
    [InlineData("cosine")]
    public void Without_a_warm_up_the_first_step_has_the_highest_rate_and_every_rate_is_positive(string name)
    {
        Assert.Equal(1, Schedule.Rate(name, 1, warmUp: 0, step: 1, steps: 10));
        Assert.All(Enumerable.Range(1, 10), step => Assert.InRange(Schedule.Rate(name, 1, warmUp: 0, step, steps: 10), 1e-3, 1));
    }
}
