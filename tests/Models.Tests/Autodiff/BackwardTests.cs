using Fovea.Models.Autodiff;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;

namespace Fovea.Models.Tests.Autodiff;

public class BackwardTests
{
    [Fact]
    public void Gradients_of_a_value_with_several_readers_are_added()
    {
        var error = NumericGradient.RelativeError([new(3, 3)], (g, x) => g.MatMul(x[0], x[0]) + g.Exp(x[0]) * x[0], (-1, 1));
        Assert.InRange(error, 0, 1e-2);
    }

    [Fact]
    public void A_node_with_more_inputs_than_its_rule_has_gradients_is_an_error()
    {
        var graph = new Graph("surplus");
        var x = graph.Input("x", ElementType.Float, new Shape(3, 3));
        var y = graph.Add("Relu", [x, x], name: "activation").Output;
        var error = Assert.Throws<FoveaException>(() => Backward.From(graph.ReduceSum(y, []), [x]));
        Assert.Contains("activation (Relu)", error.Message, StringComparison.Ordinal);
        Assert.Contains("is 2; expected 1", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_node_with_fewer_inputs_than_its_rule_has_gradients_is_an_error()
    {
        var graph = new Graph("missing");
        var x = graph.Input("x", ElementType.Float, new Shape(3, 3));
        var y = graph.Add("Sub", [x], name: "difference").Output;
        var error = Assert.Throws<FoveaException>(() => Backward.From(graph.ReduceSum(y, []), [x]));
        Assert.Contains("is 1; expected 2", error.Message, StringComparison.Ordinal);
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
    public void A_parameter_on_which_the_loss_does_not_depend_is_named()
    {
        var graph = new Graph("apart");
        Value x = graph.Input("x", ElementType.Float, new Shape(2)), unused = graph.Input("unused", ElementType.Float, new Shape(2));
        var error = Assert.Throws<FoveaException>(() => Backward.From(graph.ReduceSum(x, []), [x, unused]));
        Assert.Contains("unused", error.Message, StringComparison.Ordinal);
    }
}
