using System.Text.Json;
using Fovea.Models.Architectures;
using Fovea.Models.Graphs;
using Fovea.Models.Metadata;
using Fovea.Models.Summary;

namespace Fovea.Models.Tests.Summary;

public class NetworkSummaryTests
{
    [Fact]
    public void LeNet5_has_the_shapes_and_parameters_of_the_paper()
    {
        var summary = NetworkSummary.Of(Catalog.Find("lenet5").Build());

        Assert.Equal(
            [
                "input InputLayer [1, 28, 28] 0 0 <-",
                "conv1 Conv2D [6, 24, 24] 156 86400 <- input",
                "pool1 AveragePooling2D [6, 12, 12] 0 0 <- conv1",
                "conv2 Conv2D [16, 8, 8] 2416 153600 <- pool1",
                "pool2 AveragePooling2D [16, 4, 4] 0 0 <- conv2",
                "flatten Flatten [256] 0 0 <- pool2",
                "fc1 Dense [120] 30840 30720 <- flatten",
                "fc2 Dense [84] 10164 10080 <- fc1",
                "fc3 Dense [10] 850 840 <- fc2",
            ],
            summary.Layers.Select(Line));
        Assert.Equal((44_426, 44_426, 0), (summary.TotalParameters, summary.TrainableParameters, summary.NonTrainableParameters));
        Assert.Equal(281_640, summary.MultiplyAdds);
        Assert.Equal(("lenet5", 10, false, 44_426 * 4), (summary.Name, summary.Classes, summary.Trained, summary.WeightBytes));
        Assert.Equal([1, 28, 28], summary.Input!);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Summary_does_not_draw_the_weights(string architecture)
    {
        var graph = Catalog.Find(architecture).Build();
        long before = GC.GetAllocatedBytesForCurrentThread();
        var summary = NetworkSummary.Of(graph);

        Assert.NotNull(summary.MultiplyAdds);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 20_000_000);
        long floats = graph.Initializers.Values.Where(w => w.Type == ElementType.Float && w.Shape.Rank > 0).Sum(w => w.ByteLength);
        Assert.InRange(summary.WeightBytes, floats, long.MaxValue);
    }

    public static TheoryData<string> Names => new(Catalog.Architectures.Select(a => a.Name));

    [Fact]
    public void Drawing_function_is_never_called()
    {
        var graph = new Graph("lazy");
        var x = graph.Input("input", ElementType.Float, new Shape(Shape.Free, 4));
        var w = graph.Initializer("w", Tensor.Drawn(new Shape(4, 3), _ => Assert.Fail("The weights were drawn.")));
        graph.Output(graph.Gemm(x, w, name: "fc"));

        Assert.Contains("12", SummaryTable.ToText(NetworkSummary.Of(graph)), StringComparison.Ordinal);
    }

    [Fact]
    public void Block_is_one_row_that_expands_into_its_layers()
    {
        var graph = Inception();

        var block = Assert.Single(NetworkSummary.Of(graph).Layers, layer => layer.Name == "inception");
        Assert.Equal(("Inception", 68, 4032), (block.Type, block.Parameters, block.MultiplyAdds));
        Assert.Equal(["input"], block.ConnectedTo);
        Assert.Equal(
            ["input", "inception/1x1", "inception/3x3", "inception/concat", "pool"],
            NetworkSummary.Of(graph, expand: true).Layers.Select(layer => layer.Name));
        Assert.Equal(["inception/1x1", "inception/3x3"], NetworkSummary.Of(graph, expand: true).Layers[3].ConnectedTo);
        Assert.Equal(NetworkSummary.Of(graph).TotalParameters, NetworkSummary.Of(graph, expand: true).TotalParameters);
    }

    [Fact]
    public void Slashes_in_names_of_an_imported_graph_are_not_blocks()
    {
        var graph = Inception();
        graph.Metadata.Clear();

        Assert.Equal(5, NetworkSummary.Of(graph).Layers.Count);
    }

    [Fact]
    public void Activation_of_a_value_with_two_readers_has_its_own_row()
    {
        var graph = new Graph("foreign");
        var x = graph.Input("x", ElementType.Float, new Shape(Shape.Free, 3, 8, 8));
        var layer = graph.Conv(x, graph.Initializer("w", Tensor.Drawn(new Shape(4, 3, 3, 3), _ => { })), name: "a");
        graph.Output(graph.Relu(layer, "b") + layer);
        var alone = graph.Conv(x, graph.Initializer("v", Tensor.Drawn(new Shape(4, 3, 3, 3), _ => { })), name: "c");
        graph.Output(graph.Relu(alone, "d"));

        Assert.Equal(["InputLayer", "Conv2D", "ReLU", "Add", "Conv2D"], NetworkSummary.Of(graph).Layers.Select(l => l.Type));
    }

    [Fact]
    public void Running_statistics_are_not_trainable_and_a_shared_weight_counts_once()
    {
        var graph = new Graph("normalised");
        var x = graph.Input("x", ElementType.Float, new Shape(Shape.Free, 4, 4, 4));
        Value Vector(string name) => graph.Initializer(name, Tensor.Drawn(new Shape(4), _ => { }));
        var scale = Vector("scale");
        var y = graph.Add("BatchNormalization", [x, scale, Vector("bias"), Vector("mean"), Vector("variance")], name: "bn1").Output;
        graph.Output(
            graph.Add("BatchNormalization", [y, scale, Vector("bias2"), Vector("mean2"), Vector("variance2")], name: "bn2").Output);

        var summary = NetworkSummary.Of(graph);
        Assert.Equal([0, 16, 12], summary.Layers.Select(layer => layer.Parameters));
        Assert.Equal((28, 12, 16), (summary.TotalParameters, summary.TrainableParameters, summary.NonTrainableParameters));
    }

    [Fact]
    public void Unknown_shape_is_a_question_mark_in_text_and_null_in_JSON()
    {
        var graph = new Graph("foreign");
        var x = graph.Input("x", ElementType.Float, new Shape(Shape.Free, 3, Shape.Free, Shape.Free));
        var y = graph.Add("Mystery", [x], name: "odd", domain: "com.example").Output;
        graph.Output(graph.Conv(y, graph.Initializer("w", Tensor.Drawn(new Shape(4, 3, 3, 3), _ => { })), name: "conv"));

        var summary = NetworkSummary.Of(graph);
        var json = JsonDocument.Parse(summary.ToJson()).RootElement;
        Assert.Equal(JsonValueKind.Null, json.GetProperty("layers")[1].GetProperty("outputShape").ValueKind);
        Assert.Equal(JsonValueKind.Null, json.GetProperty("multiplyAdds").ValueKind);
        Assert.Equal(JsonValueKind.Null, json.GetProperty("classes").ValueKind);
        Assert.Equal("[3,null,null]", json.GetProperty("input").GetRawText());
        Assert.Contains("odd (Mystery)                          ?", SummaryTable.ToText(summary), StringComparison.Ordinal);
        Assert.Contains("Multiply-adds per image: ?", SummaryTable.ToText(summary), StringComparison.Ordinal);
    }

    [Fact]
    public void Multiply_adds_count_each_weight_once_per_position_of_its_use()
    {
        var graph = new Graph("products");
        var x = graph.Input("x", ElementType.Float, new Shape(Shape.Free, 4, 6, 6));
        Value Weight(string name, params int[] shape) => graph.Initializer(name, Tensor.Drawn(new Shape(shape), _ => { }));
        graph.Add("Conv", [x, Weight("a", 8, 1, 3, 3)], [("group", 4L)], "depthwise");
        graph.Add("Conv", [x, Weight("b", 8, 2, 3, 3)], [("group", 2L), ("strides", new long[] { 2, 2 })], "grouped");
        graph.ConvTranspose(x, Weight("c", 4, 5, 2, 2), Window.Of(graph.Initializers.Keys.Last()), [0, 0]);
        graph.MatMul(x, Weight("d", 6, 7));
        graph.Gemm(graph.Apply("Mystery", [x]), Weight("e", 9, 10), transB: true);

        var layers = NetworkSummary.Of(graph).Layers;
        Assert.Equal(
            ["InputLayer", "DepthwiseConv2D", "Conv2D", "Conv2DTranspose", "Dense", "Mystery", "Dense"], layers.Select(l => l.Type));
        Assert.Equal([0, 8 * 9 * 16, 8 * 2 * 9 * 4, 4 * 5 * 4 * 36, 4 * 6 * 6 * 7, 0, 90], layers.Select(l => l.MultiplyAdds));
    }

    [Fact]
    public void Block_that_ends_with_Add_is_a_residual_block()
    {
        var graph = new Graph("residual");
        var x = graph.Input("input", ElementType.Float, new Shape(Shape.Free, 3, 8, 8));
        var w = graph.Initializer("block/conv1.weight", Tensor.Drawn(new Shape(3, 3, 1, 1), _ => { }));
        var sum = graph.Add("Add", [graph.Relu(graph.Conv(x, w, name: "block/conv1"), "block/conv1/relu"), x], name: "block/add").Output;
        graph.Output(graph.Relu(sum, "block/relu"));
        new ModelMetadata { Architecture = "residual" }.WriteTo(graph);

        Assert.Equal("block Residual [3, 8, 8] 9 576 <- input", Line(NetworkSummary.Of(graph).Layers[1]));
        Assert.Equal(["block/conv1", "block/add"], NetworkSummary.Of(graph, expand: true).Layers.Skip(1).Select(l => l.Name));
    }

    [Fact]
    public void Json_has_the_properties_of_the_contract()
    {
        var json = JsonDocument.Parse(NetworkSummary.Of(Catalog.Find("lenet5").Build()).ToJson()).RootElement;

        Assert.Equal(
            [
                "name", "input", "classes", "trained", "layers", "totalParameters", "trainableParameters", "nonTrainableParameters",
                "multiplyAdds", "weightBytes", "activationBytes",
            ],
            json.EnumerateObject().Select(p => p.Name));
        Assert.Equal(
            """{"name":"conv1","type":"Conv2D","outputShape":[6,24,24],"parameters":156,"multiplyAdds":86400,"connectedTo":["input"]"""
            + ""","receptiveField":5,"activationBytes":13824,"kernel":[5,5],"strides":[1,1]}""",
            json.GetProperty("layers")[1].GetRawText());
    }

    private static Graph Inception()
    {
        var graph = new Graph("small");
        var x = graph.Input("input", ElementType.Float, new Shape(Shape.Free, 3, 8, 8));
        Value Branch(string name, int channels, int kernel)
        {
            var weight = graph.Initializer($"{name}.weight", Tensor.Drawn(new Shape(channels, 3, kernel, kernel), _ => { }));
            var bias = graph.Initializer($"{name}.bias", Tensor.Drawn(new Shape(channels), _ => { }));
            return graph.Relu(graph.Conv(x, weight, bias, Window.Square(kernel, padding: kernel / 2), name: name), $"{name}/relu");
        }

        Value[] branches = [Branch("inception/1x1", 3, 1), Branch("inception/3x3", 2, 3)];
        var joined = graph.Add("Concat", branches, [("axis", 1L)], "inception/concat").Output;
        graph.Output(graph.AveragePool(joined, Window.Square(8), name: "pool"));
        new ModelMetadata { Architecture = "small" }.WriteTo(graph);
        return graph;
    }

    private static string Line(LayerSummary layer)
    {
        var shape = layer.OutputShape is null ? "?" : $"[{string.Join(", ", layer.OutputShape)}]";
        var sources = string.Join(", ", layer.ConnectedTo);
        return $"{layer.Name} {layer.Type} {shape} {layer.Parameters} {layer.MultiplyAdds} <- {sources}".TrimEnd();
    }
}
