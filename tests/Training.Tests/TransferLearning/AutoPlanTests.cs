using Fovea.Training.TransferLearning;

namespace Fovea.Training.Tests.TransferLearning;

public sealed class AutoPlanTests
{
    [Theory]
    [InlineData(80, 40, 244, 153, "Partial")]
    [InlineData(600, 40, 244, 153, "Full")]
    [InlineData(20, 40, 244, 153, null)]
    [InlineData(600, 40, 232, 12, null)]
    [InlineData(-5, 40, 244, 153, null)]
    public void Most_that_fits_into_the_time_is_tried(double seconds, double imagesPerSecond, int images, int validation, string? expected)
    {
        var plan = AutoPlan.For(
            TimeSpan.FromSeconds(seconds), new(TimeSpan.FromSeconds(0.5), imagesPerSecond), images, validation);
        Assert.Equal(expected, plan.Method?.ToString());
        Assert.Equal(expected is not null, plan.Epochs > 0);
    }

    [Fact]
    public void Calibration_and_report_have_a_share_of_the_time()
    {
        // The calibration runs 244 and twice 153 images, the report 153 and 24 explanations of 3 images each, in 4 sessions.
        var ending = AutoPlan.Ending(new(TimeSpan.FromSeconds(0.5), 100), 244, 153);
        Assert.Equal(2 + 7.75, ending.TotalSeconds, 1e-6);
        Assert.Null(AutoPlan.For(ending, new(TimeSpan.FromSeconds(0.5), 100), 244, 153).Method);
    }

    [Fact]
    public void Gain_counts_only_beyond_chance()
    {
        double[] head = [.. Enumerable.Range(0, 100).Select(i => 0.2 + (0.1 * (i % 2)))];
        Assert.True(AutoPlan.IsGain(head, [.. head.Select(loss => loss * 0.8)]));
        Assert.False(AutoPlan.IsGain(head, [.. head.Select(loss => loss * 1.1)]));
        Assert.False(AutoPlan.IsGain(head, [.. head.Select((loss, i) => i == 0 ? loss - 0.1 : loss)]));
        Assert.False(AutoPlan.IsGain(head, head));
    }
}
