using Fovea.Training.DataQuality;

namespace Fovea.Training.Tests.DataQuality;

public sealed class LabelDoubtTests
{
    [Fact]
    public void Least_plausible_label_comes_first_and_right_ones_are_not_doubted()
    {
        var doubts = LabelDoubt.All(new(
            [[4, 0], [3, 0], [-0.1f, 0], [0, 4], [5, 0], [0, 3]],
            [0, 0, 0, 1, 1, 1]));
        Assert.Equal([(4, 1, 0), (2, 0, 1)], doubts.Select(doubt => (doubt.Image, doubt.Label, doubt.Suggested)));
        Assert.Equal([true, false], doubts.Select(doubt => doubt.IsConfident));
    }

    [Fact]
    public void Threshold_is_the_mean_probability_of_the_suggested_class()
    {
        var doubt = LabelDoubt.All(new([[0, 0], [3, 0], [5, 0]], [0, 0, 1])).Single();
        Assert.Equal((0.5 + (1 / (1 + Math.Exp(-3)))) / 2, doubt.Threshold, 6);
    }

    [Fact]
    public void Each_of_several_labels_is_doubted_by_itself()
    {
        var doubts = LabelDoubt.All(new(
            [[4, -4], [4, 4], [-4, 5], [3, -3]],
            [0, 0, 1, 0],
            [[0], [0, 1], [0, 1], []]));
        Assert.Equal([(2, 0, true), (3, 0, false)], doubts.Select(doubt => (doubt.Image, doubt.Label, doubt.IsPresent)));
    }
}
