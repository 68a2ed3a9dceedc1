using Fovea.Training.Evaluations;
using Fovea.Training.Reports;

namespace Fovea.Training.Tests.Runs;

public class EvaluationTests
{
    private static readonly Outcome[] Five =
    [
        new(0, [0.8f, 0.1f, 0.1f]),
        new(0, [0.7f, 0.2f, 0.1f]),
        new(1, [0.1f, 0.8f, 0.1f]),
        new(2, [0.1f, 0.7f, 0.2f]),
        new(1, [0.1f, 0.1f, 0.8f]),
    ];

    [Fact]
    public void Accuracy_and_loss_equal_values_computed_by_hand()
    {
        var found = Evaluation.Of(Five, 3);
        Assert.Equal(3 / 5.0, found.Accuracy, 1e-12);
        // Correct answers of the three classes: 2 of 2, 1 of 2 and 0 of 1.
        Assert.Equal((1 + 0.5 + 0) / 3, found.MacroAccuracy, 1e-12);
        Assert.Equal(-(Math.Log(0.8) + Math.Log(0.7) + Math.Log(0.8) + Math.Log(0.2) + Math.Log(0.1)) / 5, found.Loss, 1e-6);
        Assert.Equal([[2, 0, 0], [0, 1, 1], [0, 1, 0]], found.Confusion);
        Assert.Equal(1, found.Top5, 1e-12);
        Assert.Equal(found.Loss, found.Outcomes.Average(o => o.Loss), 1e-9);
    }

    [Fact]
    public void Precision_recall_and_f1_equal_values_computed_by_hand()
    {
        var report = EvaluationReport.Of(Evaluation.Of(Five, 3), ["a", "b", "c"]);
        Assert.Equal([new("a", 1, 1, 1, 2), new("b", 0.5, 0.5, 0.5, 2), new("c", 0, 0, 0, 1)], report.Classes);
    }

    [Fact]
    public void The_sixth_likeliest_class_is_not_among_the_top_five()
    {
        float[] falling = [0.3f, 0.2f, 0.15f, 0.14f, 0.12f, 0.06f, 0.03f];
        Assert.Equal(5 / 7.0, Evaluation.Of([.. Enumerable.Range(0, 7).Select(target => new Outcome(target, falling))], 7).Top5, 1e-12);
    }

    [Fact]
    public void A_class_without_images_is_left_out_of_the_means()
    {
        var found = Evaluation.Of([new(0, [0.9f, 0.05f, 0.05f]), new(1, [0.6f, 0.3f, 0.1f])], 3);
        Assert.Equal(0.5, found.MacroAccuracy, 1e-12);
        Assert.Equal(3, found.Confusion.Length);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void A_NaN_answer_is_wrong_and_has_the_highest_loss(float logit)
    {
        var outcome = Outcome.Of([0, logit, 0], target: 1);
        Assert.False(outcome.Right);
        var found = Evaluation.Of([outcome, Outcome.Of([50, 0, 0], 0)], 3);
        Assert.Equal(0.5, found.Accuracy, 1e-12);
        Assert.Equal(-Math.Log(1e-15) / 2, found.Loss, 1e-4);
    }

    [Fact]
    public void Confidence_that_is_ten_percent_too_high_is_a_calibration_error_of_ten_percent()
    {
        // Four answers have a confidence of 0.85, and three of them are right: 10 % too confident. One answer has 1 and is right.
        Outcome[] outcomes = [.. Enumerable.Range(0, 4).Select(i => new Outcome(i == 0 ? 1 : 0, [0.85f, 0.15f])), new(0, [1, 0])];
        var calibration = Calibration.Of(outcomes);
        Assert.Equal(0.1 * 4 / 5, calibration.ExpectedError, 1e-6);
        Assert.Equal((4, 0.75), (calibration.Bins[8].Images, calibration.Bins[8].Accuracy));
        Assert.Equal((1, 1.0), (calibration.Bins[9].Images, calibration.Bins[9].Accuracy));
        Assert.Equal(5, calibration.Bins.Sum(b => b.Images));
    }
}
