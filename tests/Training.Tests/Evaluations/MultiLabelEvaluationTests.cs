using Fovea.Training.Evaluations;

namespace Fovea.Training.Tests.Evaluations;

public class MultiLabelEvaluationTests
{
    private static readonly MultiLabelOutcome[] Four =
    [
        Outcome([0, 1], 0.9f, 0.6f),
        Outcome([], 0.8f, 0.2f),
        Outcome([0], 0.7f, 0.1f),
        Outcome([1], 0.1f, 0.3f),
    ];

    [Fact]
    public void Figures_are_those_computed_by_hand()
    {
        var found = MultiLabelEvaluation.Of(Four, ["cat", "dog", "never"]);

        // cat: predicted for images 1, 2 and 3; true for 1 and 3. In the order of probability the images 1, 2, 3 are right, wrong, right,
        // so the average precision is (1 + 2/3) / 2. dog: predicted for image 1; true for 1 and 4, which have the highest probabilities.
        Assert.Equal(["cat", "dog"], found.Classes.Select(c => c.Label));
        Near([2 / 3.0, 1, 0.8, 5 / 6.0, 2], found.Classes[0]);
        Near([1, 0.5, 2 / 3.0, 1, 2], found.Classes[1]);
        Assert.Equal((5 / 6.0 + 1) / 2, found.MeanAveragePrecision, 1e-9);
        Assert.Equal(0.5, found.Accuracy);
        double[] own =
        [
            -Math.Log(0.9), -Math.Log(0.6), -Math.Log(0.2), -Math.Log(0.8), -Math.Log(0.7), -Math.Log(0.9), -Math.Log(0.9), -Math.Log(0.3),
            .. Enumerable.Repeat(-Math.Log(1 - 1e-4), 4),
        ];
        Assert.Equal(own.Sum() / 12, found.Loss, 1e-5);

        static void Near(double[] expected, LabelMetrics c)
        {
            foreach (var (number, value) in expected.Zip([c.Precision, c.Recall, c.F1, c.AveragePrecision, (double)c.Support]))
            {
                Assert.Equal(number, value, 1e-9);
            }
        }
    }

    [Fact]
    public void Images_of_equal_probability_share_a_threshold()
    {
        var found = LabelMetrics.Of("a", [(0.5, true, true), (0.5, true, false), (0.5, true, false), (0.5, true, false)]);
        Assert.Equal((0.25, 1.0, 0.25), (found.Precision, found.Recall, found.AveragePrecision));
    }

    [Fact]
    public void Answer_that_is_no_number_is_not_found_and_costs_the_most()
    {
        var outcome = MultiLabelOutcome.Of([float.NaN, float.PositiveInfinity], [0]);
        Assert.False(outcome.Finds(0) || outcome.IsRight);
        Assert.Equal(-Math.Log(1e-15), outcome.Loss, 1e-9);
    }

    // The third label is nowhere, and hardly likely.
    private static MultiLabelOutcome Outcome(int[] targets, float cat, float dog) =>
        MultiLabelOutcome.Of([Logit(cat), Logit(dog), Logit(1e-4f)], targets);

    private static float Logit(float p) => MathF.Log(p / (1 - p));
}
