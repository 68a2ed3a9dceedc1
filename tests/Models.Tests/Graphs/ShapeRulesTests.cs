using Fovea.Models.Autodiff;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Runtime;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Models.Tests.Graphs;

public class ShapeRulesTests
{
    public static TheoryData<string> Operators => new(OperatorTable.Rows.Where(row => row.Shape is not null).Select(row => row.Name));

    public static TheoryData<string> Cases => new(ShapeCase.All.Select(c => c.Name));

    [Theory]
    [MemberData(nameof(Operators))]
    public void Every_operator_has_a_case(string op) => Assert.Contains(ShapeCase.All, c => c.Op == op);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Inferred_shape_is_the_one_that_ONNX_Runtime_gives(string name)
    {
        var (type, shape) = Run(name);
        var inferred = Build(name, freeBatch: false).Outputs[0];

        Assert.Equal((type, shape), (inferred.Type, inferred.Shape));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void With_a_free_batch_each_dimension_is_free_or_correct(string name)
    {
        var (_, shape) = Run(name);
        var inferred = Build(name, freeBatch: true).Outputs[0].Shape;

        Assert.All(
            inferred.Dimensions.Zip(shape.Dimensions),
            d => Assert.True(d.First == Shape.Free || d.First == d.Second, $"{inferred} is not {shape}"));
    }

    [Theory]
    [InlineData("Reshape with 0 and -1", "[N, 30, 2]")]
    [InlineData("Reshape to a batch of -1", "[N, 12]")]
    [InlineData("Reshape as exporters write it", "[N, 12]")]
    [InlineData("Reshape by computed halves", "[N, 2, 3, 4]")]
    [InlineData("Pad as exporters write it", "[N, 6, 7]")]
    [InlineData("Flatten", "[N, 60]")]
    [InlineData("Conv same upper", "[N, 4, 4, 3]")]
    public void Free_batch_leaves_the_other_dimensions_known(string name, string expected) =>
        Assert.Equal(expected, Build(name, freeBatch: true).Outputs[0].Shape.ToString());

    public static TheoryData<string, string, object, string> OldForms => new()
    {
        { "Clip", "max", 6f, "[N, 3, 8, 1]" },
        { "Dropout", "ratio", 0.5f, "[N, 3, 8, 1]" },
        { "Reshape", "shape", new long[] { 0, -1 }, "[N, 24]" },
        { "Pad", "pads", new long[] { 0, 0, 1, 0, 0, 0, 2, 0 }, "[N, 3, 11, 1]" },
        { "Squeeze", "axes", new long[] { 3 }, "[N, 3, 8]" },
        { "Unsqueeze", "axes", new long[] { 1 }, "[N, 1, 3, 8, 1]" },
        { "Split", "split", new long[] { 2, 1 }, "[N, 2, 8, 1]" },
        { "ReduceSum", "axes", new long[] { 2 }, "[N, 3, 1, 1]" },
        { "Upsample", "scales", (float[])[1, 1, 2, 3], "[N, 3, 16, 3]" },
        { "Cast", "to", "FLOAT", "?" },
        { "Slice", "starts", new long[] { 0 }, "[N, 3, 8, 1]" },
    };

    [Theory, MemberData(nameof(OldForms))]
    public void Attributes_of_older_operator_sets_are_understood(string op, string attribute, object value, string expected)
    {
        var graph = new Graph("old");
        var x = graph.Input("x", ElementType.Float, new Shape(Shape.Free, 3, 8, 1));

        Assert.Equal(
            expected,
            graph.Apply(
                op, [x],
                [(attribute, value), .. op == "Split" ? [("axis", (object)1L)] : Array.Empty<(string, object)>()]).Shape.ToString());
    }

    [Fact]
    public void Broadcast_attribute_of_operator_set_6_keeps_the_first_shape()
    {
        var graph = new Graph("old");
        var x = graph.Input("x", ElementType.Float, new Shape(Shape.Free, 3, 8, 8));

        Assert.Equal(
            x.Shape, graph.Apply("Add", [x, graph.Constant(Tensor.Of(new Shape(3), 1, 2, 3))], ("broadcast", 1L), ("axis", 1L)).Shape);
    }

    [Fact]
    public void Free_image_size_stays_free()
    {
        var graph = new Graph("free");
        var x = graph.Input("x", ElementType.Float, new Shape(Shape.Free, 3, Shape.Free, Shape.Free));
        var w = graph.Initializer("w", Tensor.Drawn(new Shape(3, 3, 3, 3), _ => { }));

        Assert.Equal("[N, 3, N, N]", graph.Conv(x, w).Shape.ToString());
        Assert.Equal("[N, 3, N, N]", graph.ConvTranspose(x, w, Window.Of(w), [0, 0]).Shape.ToString());
        Assert.Equal("[N, 3, N, N]", graph.AveragePool(x, Window.Square(3, 2), ceil: true).Shape.ToString());
        Assert.Equal("[N, N]", graph.Flatten(x).Shape.ToString());
    }

    [Theory]
    [InlineData("Add", new[] { 2, 3 }, new[] { 4, 3 })]
    [InlineData("MatMul", new[] { 2, 3 }, new[] { 4, 3 })]
    [InlineData("Gemm", new[] { 2, 3 }, new[] { 4, 3 })]
    [InlineData("Gemm", new[] { 2 }, new[] { 2, 3 })]
    [InlineData("Conv", new[] { 1, 3, 8, 8 }, new[] { 4, 2, 3, 3 })]
    [InlineData("Conv", new[] { 1, 3, 8, 8 }, new[] { 4, 3, 9, 9 })]
    [InlineData("Conv", new[] { 3, 8, 8 }, new[] { 4, 3, 3, 3 })]
    [InlineData("Conv", new[] { 1, 3, 8, 8 }, new[] { 4, 3, 3 })]
    [InlineData("ConvTranspose", new[] { 1, 3, 8, 8 }, new[] { 4, 3, 3, 3 })]
    public void Error_for_shapes_that_do_not_fit_names_the_node_and_the_shapes(string op, int[] a, int[] b)
    {
        var graph = new Graph("misfit");
        var x = graph.Input("x", ElementType.Float, new Shape(a));
        var w = graph.Initializer("w", Tensor.Drawn(new Shape(b), _ => { }));

        AssertNames(() => graph.Add(op, [x, w], name: "layer7"), op == "Conv" && b.Length == 3 ? "Conv" : new Shape(a).ToString());
    }

    [Fact]
    public void Reshape_to_another_number_of_elements_is_refused()
    {
        var graph = new Graph("misfit");
        var x = graph.Input("x", ElementType.Float, new Shape(2, 3, 4));
        foreach (long[] wanted in (long[][])[[5, 5], [5, -1], [0, -1, -1], [0, 0, 0, 0], [-2, 12], [0, 5, -1], [long.MaxValue, 2]])
        {
            AssertNames(() => graph.Add("Reshape", [x, graph.Constant(Tensor.Of(wanted))], name: "layer7"), "[2, 3, 4]");
        }
    }

    [Theory]
    [InlineData("strides", new long[] { 0, 1 })]
    [InlineData("strides", new long[] { 1 })]
    [InlineData("strides", new long[] { long.MaxValue, 1 })]
    [InlineData("strides", new long[] { -1, 1 })]
    [InlineData("pads", new long[] { 1, 1 })]
    [InlineData("pads", new long[] { -9, 0, 0, 0 })]
    [InlineData("dilations", new long[] { 100, 100 })]
    [InlineData("kernel_shape", new long[] { 0, 0 })]
    public void Invalid_window_is_refused(string attribute, long[] value)
    {
        var graph = new Graph("misfit");
        var x = graph.Input("x", ElementType.Float, new Shape(1, 3, 8, 8));
        (string, object) kernel = ("kernel_shape", new long[] { 3, 3 });

        AssertNames(
            () => graph.Add("MaxPool", [x], attribute == "kernel_shape" ? [(attribute, value)] : [kernel, (attribute, value)], "layer7"),
            "MaxPool");
    }

    [Fact]
    public void Error_for_a_missing_input_or_an_attribute_of_another_type_names_the_node()
    {
        var graph = new Graph("misfit");
        var x = graph.Input("x", ElementType.Float, new Shape(1, 3, 8, 8));

        AssertNames(() => graph.Add("Conv", [x], name: "layer7"), "Conv");
        AssertNames(() => graph.Add("Flatten", [x], [("axis", "one")], "layer7"), "axis");
        AssertNames(() => graph.Add("Flatten", [x], [("axis", 9L)], "layer7"), "[1, 3, 8, 8]");
        AssertNames(() => graph.Add("Flatten", [x], [("axis", "one")], "layer7"), "is a text; expected an integer");
    }

    [Theory]
    [InlineData("Flatten", "axis", 1L << 32)]
    [InlineData("Concat", "axis", long.MinValue)]
    [InlineData("Softmax", "axis", (1L << 32) + 1)]
    [InlineData("Conv", "group", (1L << 32) + 1)]
    [InlineData("Cast", "to", (1L << 32) + 1)]
    public void Attribute_that_does_not_fit_32_bits_is_refused(string op, string attribute, long value)
    {
        var graph = new Graph("misfit");
        var x = graph.Input("x", ElementType.Float, new Shape(1, 3, 8, 8));
        Value[] inputs = op == "Conv" ? [x, graph.Initializer("w", Tensor.Drawn(new Shape(4, 3, 3, 3), _ => { }))] : [x];

        AssertNames(
            () =>
            {
                var y = graph.Add(op, inputs, [(attribute, value)], "layer7");
                Backward.From(graph.ReduceSum(y.Output, []), [x]);
            },
            $"is {value}; expected -2147483648 to 2147483647");
    }

    [Fact]
    public void Error_has_no_text_of_a_dotnet_exception()
    {
        var graph = new Graph("misfit");
        var x = graph.Input("x", ElementType.Float, new Shape(1, 3, 8, 8));

        AssertNames(() => graph.Add("Flatten", [x], [("axis", 9L)], "layer7"), "a rank, an axis or a size is out of the operator's range");
    }

    [Fact]
    public void Shapes_after_an_operator_without_a_rule_are_unknown()
    {
        var graph = new Graph("foreign");
        var x = graph.Input("x", ElementType.Float, new Shape(1, 3));

        Assert.Equal("?", graph.Relu(graph.Apply("Mystery", [x])).Shape.ToString());
        Assert.Equal("?", graph.Add("Relu", [x], domain: "com.example").Output.Shape.ToString());
    }

    private static void AssertNames(Action add, string name)
    {
        var error = Assert.Throws<FoveaException>(add);
        Assert.Contains("layer7", error.Message, StringComparison.Ordinal);
        Assert.Contains(name, error.Message, StringComparison.Ordinal);
    }

    private static Graph Build(string name, bool freeBatch)
    {
        var given = ShapeCase.All.Single(c => c.Name == name);
        var graph = new Graph("case");
        graph.OperatorSets[""] = given.Set;
        Value[] inputs = [
            .. given.Inputs.Select((shape, i) => graph.Input($"x{i}", ElementType.Float, freeBatch ? shape.With(0, Shape.Free) : shape))];
        graph.Output(given.Apply(graph, inputs));
        return graph;
    }

    private static (ElementType Type, Shape Shape) Run(string name)
    {
        var graph = Build(name, freeBatch: false);
        using var session = Sessions.Open(graph);
        using var options = new RunOptions();
        OrtValue[] inputs = [.. graph.Inputs.Select(x => OrtValue.CreateTensorValueFromMemory(new float[x.Shape.Size], x.Shape.ToInt64()))];
        using var outputs = session.Run(options, session.InputNames, inputs, session.OutputNames);
        var info = outputs[0].GetTensorTypeAndShape();
        Array.ForEach(inputs, x => x.Dispose());
        return ((ElementType)(int)info.ElementDataType, new Shape([.. info.Shape.Select(d => (int)d)]));
    }
}
