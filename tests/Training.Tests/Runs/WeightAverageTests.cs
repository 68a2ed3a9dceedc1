using Fovea.Training.Runs;
using Fovea.Training.Steps;

namespace Fovea.Training.Tests.Runs;

public class WeightAverageTests
{
    [Fact]
    public void An_average_begins_with_the_first_weights_and_follows_later_ones_more_and_more_slowly()
    {
        using var weights = new FloatBuffer(1);
        using var average = new WeightAverage(weights, decay: 0.25);
        var seen = new List<float>();
        for (int step = 1; step <= 5; step++)
        {
            weights.Floats[0] = step == 1 ? 8 : 19;
            average.Add(step);
            seen.Add(average.Values.Floats[0]);
        }

        // The shares of the new weight in the average: 1, 10/11, 10/12, 10/13, then 3/4, the minimum.
        Assert.Equal([8, 18, 18.8333f, 18.9615f, 18.9904f], seen, (a, b) => Math.Abs(a - b) < 1e-3);
    }

    [Fact]
    public void Without_decay_the_average_is_the_weights()
    {
        using var weights = new FloatBuffer(3);
        using var average = new WeightAverage(weights, decay: 0);
        Assert.Same(weights, average.Values);
        Assert.Null(average.Own);
    }
}
