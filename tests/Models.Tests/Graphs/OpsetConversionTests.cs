using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Layers;
using Fovea.Models.Runtime;
using Microsoft.ML.OnnxRuntime;

namespace Fovea.Models.Tests.Graphs;

public class OpsetConversionTests
{
    private static readonly Shape Images = new(2, 3, 4, 6);

    // Forms of operators in older and newer sets, by name: the operator set, and the node, applied to images [2, 3, 4, 6].
    private static readonly Dictionary<string, (long Set, Func<Graph, Value, Value> Apply)> Cases = new()
    {
        ["Squeeze 11"] = (11, (g, x) => g.Apply("Squeeze", [g.Apply("ReduceMean", [x], ("axes", Longs(2)))], ("axes", Longs(2)))),
        ["Squeeze of all 11"] = (11, (g, x) => g.Apply("Squeeze", [g.Apply("ReduceMax", [x], ("axes", Longs(-1)))])),
        ["Unsqueeze 11"] = (11, (g, x) => g.Apply("Unsqueeze", [x], ("axes", Longs(0, -1)))),
        ["ReduceSum 9"] = (9, (g, x) => g.Apply("ReduceSum", [x], ("axes", Longs(1, 3)), ("keepdims", 0L))),
        ["ReduceSum over everything 11"] = (11, (g, x) => g.Apply("ReduceSum", [x])),
        ["Clip 7"] = (7, (g, x) => g.Apply("Clip", [x], ("min", -0.2f), ("max", 0.3f))),
        ["Clip without min 9"] = (9, (g, x) => g.Apply("Clip", [x], ("max", 0.3f))),
        ["Clip without bounds 9"] = (9, (g, x) => g.Apply("Clip", [x])),
        ["Slice 9"] = (9, (g, x) => g.Apply("Slice", [x], ("starts", Longs(1, -4)), ("ends", Longs(3, 9999)), ("axes", Longs(1, 3)))),
        ["Slice without axes 7"] = (7, (g, x) => g.Apply("Slice", [x], ("starts", Longs(0, 1)), ("ends", Longs(1, 3)))),
        ["Pad 10"] = (10, (g, x) => g.Apply("Pad", [x], ("pads", Longs(0, 0, 1, 2, 0, 0, 0, 1)), ("value", 0.5f))),
        ["Pad by reflection 9"] = (9, (g, x) => g.Apply("Pad", [x], ("pads", Longs(0, 0, 1, 2, 0, 0, 0, 1)), ("mode", "reflect"))),
        ["Split 11"] = (11, (g, x) => Second(g.Add("Split", [x], [("split", Longs(2, 4)), ("axis", 3L)], outputs: ["a", "b"]))),
        ["Split in equal parts 7"] = (7, (g, x) => Second(g.Add("Split", [x], [("axis", -1L)], outputs: ["a", "b"]))),
        ["Dropout 7"] = (7, (g, x) => g.Apply("Dropout", [x], ("ratio", 0.3f))),
        ["Softmax of what follows 11"] = (11, (g, x) => g.Apply("Softmax", [x], ("axis", 1L))),
        ["Softmax of all axes 9"] = (9, (g, x) => g.Apply("Softmax", [x], ("axis", 0L))),
        ["Softmax, axis left out 12"] = (12, (g, x) => g.Apply("Softmax", [x])),
        ["Softmax of the last axis 11"] = (11, (g, x) => g.Apply("Softmax", [x], ("axis", -1L))),
        ["Softmax of classes 8"] = (8, (g, x) => g.Apply("Softmax", [g.Flatten(x)])),
        ["Softmax of classes as images 8"] = (8, (g, x) => g.Apply("Softmax", [g.Apply("GlobalAveragePool", [x])])),
        ["LogSoftmax of what follows 11"] = (11, (g, x) => g.Apply("LogSoftmax", [x], ("axis", 2L))),
        ["Upsample 7"] = (7, (g, x) => g.Apply("Upsample", [x], ("scales", (float[])[1, 1, 2, 3]))),
        ["Upsample linearly 9"] = (9, (g, x) => g.Apply("Upsample", [x, Scales(g, 1, 1, 2, 2)], ("mode", "linear"))),
        ["Resize 10"] = (10, (g, x) => g.Apply("Resize", [x, Scales(g, 1, 1, 2, 1.5f)])),
        ["Resize to half 10"] = (10, (g, x) => g.Apply("Resize", [x, Scales(g, 1, 1, 0.5f, 0.7f)])),
        ["Resize linearly 10"] = (10, (g, x) => g.Apply("Resize", [x, Scales(g, 1, 1, 2, 0.5f)], ("mode", "linear"))),
        ["BatchNormalization 7"] = (
            7,
            (g, x) =>
                g.Apply("BatchNormalization", [x, Each(g, 2), Each(g, 1), Each(g, 0.5f), Each(g, 3)], ("spatial", 1L), ("momentum", 0.9f))),
        ["BatchNormalization 9"] = (9, (g, x) => g.Apply("BatchNormalization", [x, Each(g, 2), Each(g, 1), Each(g, 0.5f), Each(g, 3)])),
        ["Conv of constant weights 12"] = (
            12, (g, x) => g.Apply("Conv", [x, g.Apply("Constant", [], ("value", Tensor.Drawn(new Shape(2, 3, 3, 3), w => w.Fill(0.1f))))])),

        ["ReduceMean 18"] = (18, (g, x) => g.Apply("ReduceMean", [x, g.Constant(Tensor.Of(1, -1))], ("keepdims", 0L))),
        ["ReduceMax over everything 20"] = (20, (g, x) => g.Apply("ReduceMax", [x])),
        ["ReduceMin over nothing 18"] = (18, (g, x) => g.Apply("ReduceMin", [x], ("noop_with_empty_axes", 1L))),
        ["Split 18"] = (18, (g, x) => Second(g.Add("Split", [x], [("num_outputs", 2L), ("axis", 1L)], outputs: ["a", "b"]))),
        ["Pad of axes 18"] = (18, (g, x) => g.Apply("Pad", [x, g.Constant(Tensor.Of(1, 2, 3, 4)), null, g.Constant(Tensor.Of(-1, 2))])),
        ["Pad 19"] = (19, (g, x) => g.Apply("Pad", [x, g.Constant(Tensor.Of(0, 0, 1, 2, 0, 0, 0, 1)), g.Scalar(2)])),
        ["Resize 19"] = (19, (g, x) => g.Apply("Resize", [x, null, Scales(g, 1, 1, 2, 2)], ("antialias", 0L), ("mode", "linear"))),
        ["AveragePool 19"] = (19, (g, x) => g.Apply("AveragePool", [x], ("kernel_shape", Longs(2, 2)), ("dilations", Longs(1, 1)))),
        ["AveragePool rounding up, padding counted 19"] = (
            19, (g, x) => g.AveragePool(x, new([3, 3], [2, 2], [1, 1], [1, 1], [1, 1]), ceil: true, countPadding: true)),
        ["Cast 19"] = (19, (g, x) => g.Cast(g.Apply("Cast", [x], ("to", (long)ElementType.Double), ("saturate", 1L)), ElementType.Float)),
        ["Gelu 20"] = (20, (g, x) => g.Apply("Gelu", [x])),
        ["Gelu by tanh 20"] = (20, (g, x) => g.Apply("Gelu", [x], ("approximate", "tanh"))),
        ["Gelu of com.microsoft 17"] = (17, (g, x) => g.Add("Gelu", [x], domain: "com.microsoft").Output),
        ["Swish 24"] = (24, (g, x) => g.Apply("Swish", [x], ("alpha", 1.5f))),
        ["Mish 18"] = (18, (g, x) => g.Apply("Mish", [x])),
        ["QuantizeLinear and DequantizeLinear 19"] = (
            19, (g, x) => g.Apply("DequantizeLinear", [
                g.Apply("QuantizeLinear", [x, g.Scalar(0.1f), Zero(g)], ("saturate", 1L)), g.Scalar(0.1f), Zero(g)])),
        ["ReduceL1 18"] = Reduced("ReduceL1"),
        ["ReduceL2 18"] = Reduced("ReduceL2"),
        ["ReduceLogSum 18"] = (18, (g, x) => g.Apply("ReduceLogSum", [g.Apply("Abs", [x]), g.Constant(Tensor.Of(1, -1))])),
        ["ReduceLogSumExp 18"] = Reduced("ReduceLogSumExp"),
        ["ReduceProd 18"] = Reduced("ReduceProd"),
        ["ReduceSumSquare 18"] = Reduced("ReduceSumSquare"),
    };

    public static TheoryData<string> Names => new(Cases.Keys);

    // The forms that ONNX Runtime runs, which are those of set 7 and later.
    public static TheoryData<string, long, long> Forms => new(
        from row in OperatorTable.Rows
        from form in row.OtherForms
        where form.Last >= 7
        select (row.Name, form.First, form.Last));

    [Theory, MemberData(nameof(Forms))]
    public void Each_form_of_an_operator_has_a_case(string op, long first, long last) => Assert.Contains(
        Cases.Keys, name => Cases[name].Set is var set && set >= first && set <= last && Build(name).Nodes.Any(node => node.Op == op));

    [Theory, MemberData(nameof(Names))]
    public void Converted_node_gives_the_same_output(string name)
    {
        var graph = Build(name);
        var converted = OpsetConversion.Convert(graph);
        Assert.Equal(17, converted.OperatorSets[""]);
        var (expected, actual) = (Run(graph), Run(converted));
        Assert.Equal(expected.Shape, actual.Shape);
        Assert.All(expected.Values.Zip(actual.Values), pair => Assert.Equal(pair.First, pair.Second, 2e-6f));
    }

    [Theory, MemberData(nameof(Names))]
    public void Shape_is_known_after_conversion(string name) =>
        Assert.Equal(Run(Build(name)).Shape, OpsetConversion.Convert(Build(name)).Outputs[0].Shape);

    [Fact]
    public void Names_metadata_and_weights_are_kept()
    {
        var graph = Build("Clip 7");
        graph.Metadata["fovea.labels"] = "[]";
        var converted = OpsetConversion.Convert(graph);

        Assert.Equal(
            ("[]", "x", graph.Outputs[0].Name), (converted.Metadata["fovea.labels"], converted.Inputs[0].Name, converted.Outputs[0].Name));
        Assert.Equal(graph.Nodes.Select(node => node.Name), converted.Nodes.Select(node => node.Name));
    }

    [Fact]
    public void Constant_node_that_holds_a_weight_becomes_an_initializer()
    {
        var converted = OpsetConversion.Convert(Build("Conv of constant weights 12"));
        Assert.Equal(new Shape(2, 3, 3, 3), Assert.Single(converted.Initializers.Keys).Shape);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(25)]
    public void Operator_set_out_of_range_is_refused(long set)
    {
        var graph = Build("Clip 7");
        graph.OperatorSets[""] = set;
        Assert.Contains(
            $"operator set {set}", Assert.Throws<FoveaException>(() => OpsetConversion.Convert(graph)).Message, StringComparison.Ordinal);
    }

    public static TheoryData<long, string, string, object> Unconvertible => new()
    {
        { 18, "Resize", "antialias", 1L },
        { 18, "Resize", "axes", Longs(2, 3) },
        { 18, "Resize", "keep_aspect_ratio_policy", "not_larger" },
        { 19, "Resize", "coordinate_transformation_mode", "half_pixel_symmetric" },
        { 19, "Pad", "mode", "wrap" },
        { 19, "AveragePool", "dilations", Longs(2, 2) },
        { 9, "Mystery", "of", 1L },
    };

    [Theory, MemberData(nameof(Unconvertible))]
    public void Node_that_cannot_be_converted_is_named(long set, string op, string attribute, object value)
    {
        var graph = new Graph("foreign");
        graph.OperatorSets[""] = set;
        var x = graph.Input("x", ElementType.Float, Images);
        Value?[] inputs = op switch
        {
            "Resize" => [x, null, Scales(graph, 1, 1, 2, 2)],
            "Pad" => [x, graph.Constant(Tensor.Of(0, 0, 1, 1, 0, 0, 1, 1))],
            _ => [x],
        };
        graph.Output(graph.Add(op, inputs, [(attribute, value), ("kernel_shape", Longs(2, 2))], "layer7").Output);
        Assert.Contains(
            $"layer7 ({op}) of operator set {set}", Assert.Throws<FoveaException>(() => OpsetConversion.Convert(graph)).Message,
            StringComparison.Ordinal);
    }

    private static Graph Build(string name)
    {
        var (set, apply) = Cases[name];
        var graph = new Graph("foreign");
        graph.OperatorSets[""] = set;
        graph.OperatorSets["com.microsoft"] = 1;
        graph.Output(apply(graph, graph.Input("x", ElementType.Float, Images)));
        return graph;
    }

    private static (Shape Shape, float[] Values) Run(Graph graph)
    {
        using var session = Sessions.Open(graph);
        using var options = new RunOptions();
        var random = new SeededRandom(1);
        float[] values = [.. Enumerable.Range(0, (int)Images.Size).Select(_ => random.Uniform(-1, 1))];
        using var x = OrtValue.CreateTensorValueFromMemory(values, Images.ToInt64());
        using var outputs = session.Run(options, ["x"], [x], session.OutputNames);
        return (
            new Shape([.. outputs[0].GetTensorTypeAndShape().Shape.Select(d => (int)d)]),
            outputs[0].GetTensorDataAsSpan<float>().ToArray());
    }

    private static (long, Func<Graph, Value, Value>) Reduced(string op) => (18, (g, x) => g.Apply(op, [x, g.Constant(Tensor.Of(1, -1))]));

    private static Value Zero(Graph g) => g.Constant(new Tensor(ElementType.UInt8, Shape.Scalar, new byte[] { 100 }));

    private static Value Second(Node node) => node.Outputs[1];

    private static Value Each(Graph g, float value) => g.Constant(Tensor.Of(new Shape(3), value, value / 2 + 1, value + 1));

    private static Value Scales(Graph g, params float[] scales) => g.Constant(Tensor.Of(new Shape(scales.Length), scales));

    private static long[] Longs(params long[] values) => values;
}
