using Fovea.Models.Errors;
using Fovea.Models.Graphs;

namespace Fovea.Models.Tests.Graphs;

public class GraphTests
{
    [Fact]
    public void Copy_into_another_graph_reads_the_replacing_values_and_infers_shapes_again()
    {
        var small = OnnxFileTests.Small();
        var target = new Graph("target");
        var replaced = new Dictionary<Value, Value> { [small.Inputs[0]] = target.Input("batch", ElementType.Float, new Shape(4, 1, 6, 6)) };
        small.CopyTo(target, replaced);

        Assert.Equal("logits Float[4, 3]", replaced[small.Outputs[0]].ToString());
        Assert.Equal(small.Nodes.Select(n => n.Name), target.Nodes.Select(n => n.Name));
        Assert.Equal(small.Initializers.Values, target.Initializers.Values);
        Assert.Equal("[N, 3]", small.Outputs[0].Shape.ToString());
    }

    [Fact]
    public void Pruning_removes_nodes_and_weights_that_no_output_depends_on()
    {
        var graph = OnnxFileTests.Small();
        var (nodes, weights) = (graph.Nodes.Count, graph.Initializers.Count);
        graph.Relu(graph.Inputs[0] + graph.Initializer("idle", Tensor.Of(new Shape(6), 1, 2, 3, 4, 5, 6)));
        graph.Prune();

        Assert.Equal((nodes, weights), (graph.Nodes.Count, graph.Initializers.Count));
    }

    [Fact]
    public void Generated_names_differ_from_existing_names()
    {
        var graph = new Graph("names");
        var x = graph.Input("relu_1", ElementType.Float, new Shape(1));
        var names = Enumerable.Range(0, 5).Select(_ => graph.Relu(x).Name).ToArray();

        Assert.Equal(5, names.Append("relu_1").Distinct().Count() - 1);
        Assert.Throws<FoveaException>(() => graph.Input("relu_1", ElementType.Float, new Shape(1)));
    }

    [Fact]
    public void Tensor_is_drawn_once_when_it_is_first_read()
    {
        int drawn = 0;
        var tensor = Tensor.Drawn(new Shape(2, 3), values =>
        {
            drawn++;
            values.Fill(1);
        });

        Assert.Equal((24, 0), (tensor.ByteLength, drawn));
        Assert.Equal(6, tensor.Floats.ToArray().Sum());
        Assert.Equal((24, 1), (tensor.Bytes.Length, drawn));
        Assert.Throws<FoveaException>(() => tensor.Int64s.Length);
    }
}
