using Fovea.Models.Graphs;
using Fovea.Training.Datasets;
using Fovea.Training.Optimizers;
using Fovea.Training.Runs;
using Fovea.Training.Steps;

namespace Fovea.Training.Tests.Steps;

public class IndependentLabelsTests
{
    // All logits are 0, so each label has the probability 1/2: the loss is log 2, and the gradient of a bias the mean of 1/2 - target.
    [Fact]
    public void Loss_gradient_and_right_answers_are_those_computed_by_hand()
    {
        var graph = new Graph("zero");
        var x = graph.Input("input", ElementType.Float, new Shape(Shape.Free, 1, 2, 2));
        var weights = graph.Initializer("w", Tensor.Of(new Shape(4, 3), new float[12]));
        var bias = graph.Initializer("b", Tensor.Of(new Shape(3), new float[3]));
        graph.Output(graph.Apply("Gemm", [graph.Apply("Flatten", [x]), weights, bias]));
        using var step = new TrainingStep(graph, 2, Optimizer.Create("sgd", momentum: 0), independentLabels: true);
        var batch = step.NewBatch(seed: 0);
        new float[] { 1, 0, 1, 0, 0, 0 }.CopyTo(batch.Targets);
        batch.Stage(1);
        var (loss, correct) = step.Run(batch, learningRate: 1);
        Assert.Equal(Math.Log(2), loss, 1e-6);
        Assert.Equal(1, correct);
        Assert.Equal([0f, -0.5f, 0f], step.Weights.Floats.Slice((int)step.Layout.Offsets[bias], 3).ToArray());
    }

    [Fact]
    public void Targets_are_one_for_each_label_smoothed_on_both_sides()
    {
        var rows = new float[6];
        TargetRows.Write(new TrainingBatch([], [0, 0], 2, LabelSets: [[0, 2], []]), 0, rows);
        Assert.Equal([1, 0, 1, 0, 0, 0], rows);
        TargetRows.Write(new TrainingBatch([], [0, 0], 2, Share: 0.75f, LabelSets: [[0, 2], []]), 0.1, rows);
        Assert.Equal([0.725f, 0.05f, 0.725f, 0.275f, 0.05f, 0.275f], rows.Select(value => MathF.Round(value, 5)));
    }
}
