using Fovea.Models;

namespace Fovea.Training.Tests;

public class BackwardTests
{
    [Fact]
    public void Gradients_that_meet_are_added()
    {
        var error = NumericGradient.RelativeError([new(3, 3)], (g, x) => g.MatMul(x[0], x[0]) + g.Exp(x[0]) * x[0], (-1, 1));
        Assert.InRange(error, 0, 1e-2);
    }

    [Fact]
    public void An_operator_without_a_rule_is_named_with_its_node()
    {
        var graph = new Graph("unknown");
        var x = graph.Input("x", ElementType.Float, new Shape(3, 3));
        var y = graph.Add("Det", [x], name: "attention").Output;
        var error = Assert.Throws<FoveaException>(() => Backward.From(graph.ReduceSum(y, []), [x]));
        Assert.Contains("attention (Det)", error.Message, StringComparison.Ordinal);
        Assert.Contains("--method head", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_parameter_that_does_not_reach_the_loss_is_named()
    {
        var graph = new Graph("apart");
        Value x = graph.Input("x", ElementType.Float, new Shape(2)), unused = graph.Input("unused", ElementType.Float, new Shape(2));
        var error = Assert.Throws<FoveaException>(() => Backward.From(graph.ReduceSum(x, []), [x, unused]));
        Assert.Contains("unused", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void No_work_is_done_for_what_nothing_learns_from()
    {
        // The first convolution's gradient with respect to the images would be a third of its cost.
        var graph = new GradientGraph(Catalog.Find("lenet5").Build(), batchSize: 2).Graph;
        Assert.Equal(1, graph.Nodes.Count(node => node.Op == "ConvTranspose"));
    }
}
