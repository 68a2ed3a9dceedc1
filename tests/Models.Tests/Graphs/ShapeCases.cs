using Fovea.Models.Graphs;

namespace Fovea.Models.Tests.Graphs;

/// <summary>One use of an operator. The first input's first dimension is the batch.</summary>
/// <param name="Name">The operator, a space, and a description of the case.</param>
/// <param name="Inputs">The shapes of the inputs, which are floats.</param>
/// <param name="Apply">Adds the node and returns its output.</param>
/// <param name="Set">The operator set of the graph.</param>
internal sealed record ShapeCase(string Name, Shape[] Inputs, Func<Graph, Value[], Value> Apply, long Set = Graph.Opset)
{
    public string Op => Name.Split(' ')[0];

    public static readonly ShapeCase[] All =
    [
        .. Elementwise(
            "Add", "Sub", "Mul", "Div", "Pow", "Min", "Max", "Mean", "Sum", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Equal"),
        .. Unary(
            "Neg", "Abs", "Sign", "Reciprocal", "Exp", "Log", "Sqrt", "Floor", "Ceil", "Round", "Erf", "Relu", "Sigmoid", "Tanh", "Clip",
            "LeakyRelu", "Elu", "Selu", "Celu", "HardSigmoid", "HardSwish",
            "Softplus", "Softsign", "Softmax", "LogSoftmax", "Identity", "Dropout"),
        new("Mish", [new(2, 3, 4)], (g, x) => g.Apply("Mish", [x[0]]), Set: 18),
        new("PRelu", [new(2, 3, 4)], (g, x) => g.Apply("PRelu", [x[0], Weight(g, 3, 1)])),
        new("LpNormalization", [new(2, 6)], (g, x) => g.Apply("LpNormalization", [x[0]], ("axis", 1L), ("p", 1L))),
        new("LRN", [new(2, 6, 4, 5)], (g, x) => g.Apply("LRN", [x[0]], ("size", 5L))),
        new(
            "BatchNormalization", [new(2, 3, 4, 5)],
            (g, x) => g.Apply("BatchNormalization", [x[0], Weight(g, 3), Weight(g, 3), Weight(g, 3), Weight(g, 3)])),
        new(
            "BatchNormalization by the batch", [new(2, 3, 4, 5)],
            (g, x) => g.BatchNormalization(x[0], Weight(g, 3), Weight(g, 3), Weight(g, 3), Weight(g, 3), 1e-5f).Y),
        new(
            "ScatterElements", [new(2, 3, 4)],
            (g, x) =>
                g.ScatterAdd(x[0], g.Constant(new Tensor(ElementType.Int64, new(1, 1, 2), new byte[16])), Weight(g, 1, 1, 2), axis: 2)),
        new("MaxPool with indices", [new(2, 3, 6, 5)], (g, x) => g.MaxPoolIndices(x[0], Window.Square(3, 2, 1), ceil: true)),
        new("InstanceNormalization", [new(2, 3, 4, 5)], (g, x) => g.Apply("InstanceNormalization", [x[0], Weight(g, 3), Weight(g, 3)])),
        new("LayerNormalization", [new(2, 3, 4)], (g, x) => g.Apply("LayerNormalization", [x[0], Weight(g, 4), Weight(g, 4)])),
        new(
            "LayerNormalization with its deviation", [new(2, 3, 4, 5)],
            (g, x) => g.LayerNormalization(x[0], Weight(g, 4, 5), Weight(g, 4, 5), axis: -2, epsilon: 1e-5f).InverseDeviation),
        new("Where", [new(2, 3, 1)], (g, x) => g.Apply("Where", [g.Greater(x[0], g.Scalar(0)), Weight(g, 4), Weight(g, 5, 1, 1, 1)])),
        new("Not", [new(2, 3)], (g, x) => g.Not(g.Greater(x[0], g.Scalar(0)))),
        .. ((string[])["And", "Or", "Xor"]).Select(
            op =>
                new ShapeCase(op, [new(2, 3)], (g, x) => g.Apply(op, [g.Greater(x[0], g.Scalar(0)), g.Greater(Weight(g, 4, 1, 1), x[0])]))),
        new("Cast", [new(2, 3)], (g, x) => g.Cast(x[0], ElementType.Int64)),

        new("QuantizeLinear", [new(2, 3)], (g, x) => Quantized(g, x[0])),
        new("DequantizeLinear", [new(2, 3)], (g, x) => g.Apply("DequantizeLinear", [Quantized(g, x[0]), g.Scalar(1), Zero(g)])),
        new("QLinearConv", [new(2, 3, 6, 5)], (g, x) => g.Apply(
            "QLinearConv",
            [
                Quantized(g, x[0]), g.Scalar(1), Zero(g),
                g.Constant(new Tensor(ElementType.UInt8, new(4, 3, 3, 2), new byte[72])), g.Scalar(1), Zero(g), g.Scalar(1), Zero(g),
            ],
            ("strides", Ints(2, 1)))),
        new("QLinearMatMul", [new(2, 3, 4)], (g, x) => g.Apply(
            "QLinearMatMul",
            [
                Quantized(g, x[0]), g.Scalar(1), Zero(g),
                g.Constant(new Tensor(ElementType.UInt8, new(4, 5), new byte[20])), g.Scalar(1), Zero(g), g.Scalar(1), Zero(g),
            ])),
        new("Size", [new(2, 3)], (g, x) => g.Apply("Size", [x[0]])),
        new("AveragePool over three axes", [new(2, 1, 6, 4, 5)], (g, x) => g.Apply(
            "AveragePool", [x[0]], ("kernel_shape", Ints(3, 1, 2)), ("strides", Ints(2, 1, 1)), ("pads", Ints(1, 0, 0, 1, 0, 0)))),

        Conv("valid", [2, 3, 9, 8], [4, 3, 3, 2]),
        Conv("strided, padded unevenly", [2, 3, 9, 8], [4, 3, 3, 3], ("strides", Ints(2, 3)), ("pads", Ints(1, 0, 2, 1))),
        Conv("dilated", [2, 3, 11, 12], [4, 3, 3, 3], ("dilations", Ints(2, 3))),
        Conv("depthwise", [2, 4, 7, 7], [8, 1, 3, 3], ("group", 4L)),
        Conv("same upper", [2, 3, 8, 7], [4, 3, 3, 2], ("auto_pad", "SAME_UPPER"), ("strides", Ints(2, 3))),
        Conv("same lower", [2, 3, 8, 7], [4, 3, 3, 2], ("auto_pad", "SAME_LOWER"), ("strides", Ints(2, 1))),
        Conv("auto_pad valid", [2, 3, 8, 7], [4, 3, 3, 2], ("auto_pad", "VALID"), ("strides", Ints(2, 1))),
        Conv("as large as the kernel", [1, 3, 3, 3], [4, 3, 3, 3]),

        ConvTranspose("plain", [2, 4, 5, 6], [4, 3, 3, 3]),
        ConvTranspose(
            "strided, with output padding", [2, 4, 5, 6], [4, 3, 3, 3], ("strides", Ints(2, 3)), ("pads", Ints(1, 1, 1, 0)),
            ("output_padding", Ints(1, 2))),
        ConvTranspose("dilated, in groups", [2, 4, 5, 6], [4, 3, 2, 3], ("dilations", Ints(2, 2)), ("group", 2L)),

        .. Pool("AveragePool"),
        .. Pool("MaxPool"),
        new("GlobalMaxPool", [new(2, 3, 5, 6)], (g, x) => g.Apply("GlobalMaxPool", [x[0]])),
        new("Pad", [new(2, 3, 5, 6)], (g, x) => g.Apply("Pad", [x[0], Vector(g, 0, 1, 2, 0, 0, 0, 3, -1)])),
        new(
            "Resize by scales", [new(2, 3, 5, 6)],
            (g, x) => g.Apply("Resize", [x[0], null, g.Constant(Tensor.Of(new Shape(4), 1, 1, 1.5f, 2))])),
        new("Resize to sizes", [new(2, 3, 5, 6)], (g, x) => g.Apply("Resize", [x[0], null, null, Vector(g, 2, 3, 8, 4)])),
        new(
            "Upsample", [new(2, 3, 5, 6)],
            (g, x) => g.Apply("Upsample", [x[0], g.Constant(Tensor.Of(new Shape(4), 1, 1, 1.5f, 2))]), Set: 9),
        new("GlobalAveragePool", [new(2, 3, 5, 6)], (g, x) => g.Apply("GlobalAveragePool", [x[0]])),

        new("Gemm", [new(2, 3)], (g, x) => g.Gemm(x[0], Weight(g, 3, 4), Weight(g, 4))),
        new("Gemm with B transposed", [new(2, 3)], (g, x) => g.Gemm(x[0], Weight(g, 4, 3), transB: true)),
        new("Gemm with A transposed", [new(2, 3)], (g, x) => g.Gemm(x[0], Weight(g, 2, 4), transA: true)),
        new("Gemm with both transposed", [new(2, 3)], (g, x) => g.Gemm(x[0], Weight(g, 4, 2), transA: true, transB: true)),
        new("MatMul", [new(2, 3)], (g, x) => g.MatMul(x[0], Weight(g, 3, 4))),
        new("MatMul over a batch", [new(2, 5, 3)], (g, x) => g.MatMul(x[0], Weight(g, 3, 4))),
        new("MatMul with two batches broadcast", [new(2, 1, 5, 3)], (g, x) => g.MatMul(x[0], Weight(g, 6, 3, 4))),
        new("MatMul with a vector", [new(2, 3)], (g, x) => g.MatMul(x[0], Weight(g, 3))),
        new("MatMul with a vector on the left", [new(2, 3, 4)], (g, x) => g.MatMul(Weight(g, 3), x[0])),

        new("ArgMax", [new(2, 3, 4)], (g, x) => g.ArgMax(x[0], 1)),
        new("CumSum", [new(2, 3, 4)], (g, x) => g.Apply("CumSum", [x[0], g.Constant(Tensor.Of(1))])),
        new("ArgMin", [new(2, 3, 4)], (g, x) => g.Apply("ArgMin", [x[0]], ("axis", 1L))),
        new("ArgMax keeping its axis, from the end", [new(2, 3, 4)], (g, x) => g.Apply("ArgMax", [x[0]], ("axis", -1L))),
        new("ReduceSum over everything", [new(2, 3, 4)], (g, x) => g.ReduceSum(x[0], [])),
        new("ReduceSum over everything, kept", [new(2, 3, 4)], (g, x) => g.ReduceSum(x[0], [], keep: true)),
        new("ReduceSum over two axes", [new(2, 3, 4)], (g, x) => g.ReduceSum(x[0], [0, -1])),
        new("ReduceSum over one axis, kept", [new(2, 3, 4)], (g, x) => g.ReduceSum(x[0], [1], keep: true)),
        new("ReduceSum with empty axes", [new(2, 3, 4)], (g, x) => g.Apply("ReduceSum", [x[0], Vector(g)], ("keepdims", 0L))),
        new(
            "ReduceSum with empty axes that mean none", [new(2, 3, 4)],
            (g, x) => g.Apply("ReduceSum", [x[0], Vector(g)], ("noop_with_empty_axes", 1L))),

        .. Reductions(
            "ReduceMean", "ReduceMax", "ReduceMin", "ReduceSumSquare", "ReduceL1", "ReduceL2", "ReduceLogSumExp", "ReduceLogSum",
            "ReduceProd"),

        new("Concat", [new(2, 3, 4)], (g, x) => g.Apply("Concat", [x[0], Weight(g, 2, 5, 4), x[0]], ("axis", 1L))),
        new("Concat along an axis from the end", [new(2, 3), new(2, 4)], (g, x) => g.Apply("Concat", [x[0], x[1]], ("axis", -1L))),
        new("Split", [new(2, 8)], (g, x) => g.Add("Split", [x[0]], [("axis", 1L)], outputs: ["a", "b"]).Outputs[1]),
        new(
            "Split by sizes", [new(2, 7)],
            (g, x) => g.Add("Split", [x[0], Vector(g, 5, 2)], [("axis", -1L)], outputs: ["a", "b"]).Outputs[1]),
        new("Squeeze", [new(2, 1, 3, 1)], (g, x) => g.Apply("Squeeze", [x[0], Vector(g, 1, -1)])),
        new("Squeeze of all", [new(2, 1, 3, 1)], (g, x) => g.Apply("Squeeze", [x[0]])),
        new("Unsqueeze", [new(2, 3)], (g, x) => g.Apply("Unsqueeze", [x[0], Vector(g, 1, -1)])),
        new("Gather", [new(2, 3, 4)], (g, x) => g.Apply("Gather", [x[0], Vector(g, 0, 2, 1, 0)], ("axis", -2L))),
        new(
            "Gather of one", [new(2, 3, 4)],
            (g, x) => g.Apply("Gather", [x[0], g.Constant(new Tensor(ElementType.Int64, Shape.Scalar, new byte[8]))], ("axis", 1L))),
        new("OneHot", [new(2, 3)], (g, x) => g.OneHot(g.ArgMax(x[0], 1), 3)),
        new(
            "OneHot along the first axis", [new(2, 3)],
            (g, x) => g.Apply("OneHot", [g.ArgMax(x[0], 1), Vector(g, 5), g.Constant(Tensor.Of(new Shape(2), 0, 1))], ("axis", 0L))),
        new("Shape", [new(2, 3, 4)], (g, x) => g.Apply("Shape", [x[0]])),
        new("Shape of some axes", [new(2, 3, 4)], (g, x) => g.Apply("Shape", [x[0]], ("start", 1L), ("end", -1L))),
        new("ConstantOfShape", [new(2, 3)], (g, x) => g.Apply("ConstantOfShape", [g.Apply("Shape", [x[0]])])),

        new("Reshape", [new(2, 3, 4)], (g, x) => g.Reshape(x[0], new(6, 4))),
        new("Reshape with 0", [new(2, 3, 4)], (g, x) => g.Reshape(x[0], new(0, 4, 3))),
        new("Reshape with -1", [new(2, 3, 4)], (g, x) => g.Reshape(x[0], new(3, -1))),
        new("Reshape with 0 and -1", [new(2, 3, 4, 5)], (g, x) => g.Reshape(x[0], new(0, -1, 2))),
        new("Reshape to a batch of -1", [new(2, 3, 4)], (g, x) => g.Reshape(x[0], new(-1, 12))),
        new(
            "Reshape by a Constant node", [new(2, 3)],
            (g, x) => g.Apply("Reshape", [x[0], g.Apply("Constant", [], ("value", Tensor.Of(3, 2)))])),
        new("Reshape by a computed shape", [new(2, 3)], (g, x) => g.Apply("Reshape", [x[0], g.Apply("Shape", [x[0]])])),
        new(
            "Reshape as exporters write it", [new(2, 3, 4)],
            (g, x) => g.Apply("Reshape", [x[0], g.Apply("Concat", [Dimension(g, x[0], 0), Vector(g, -1)], ("axis", 0L))])),
        new("Reshape by computed halves", [new(2, 6, 4)], (g, x) => g.Apply("Reshape",
            [
                x[0],
                g.Apply(
                    "Concat",
                    [Dimension(g, x[0], 0), Vector(g, 2), g.Apply("Div", [Dimension(g, x[0], 1), Vector(g, 2)]), Dimension(g, x[0], 2)],
                    ("axis", 0L))])),
        new("Pad as exporters write it", [new(2, 3, 4)], (g, x) => g.Apply("Pad", [x[0], ReorderedPads(g, 1, 2, 0, 3, 0, 0)])),
        new("Flatten", [new(2, 3, 4, 5)], (g, x) => g.Flatten(x[0])),
        new("Flatten at axis 0", [new(2, 3, 4)], (g, x) => g.Apply("Flatten", [x[0]], ("axis", 0L))),
        new("Flatten at axis -1", [new(2, 3, 4)], (g, x) => g.Apply("Flatten", [x[0]], ("axis", -1L))),
        new("Flatten at the end", [new(2, 3, 4)], (g, x) => g.Apply("Flatten", [x[0]], ("axis", 3L))),
        new("Expand", [new(2, 1, 4)], (g, x) => g.Expand(x[0], new(5, 1, 3, 1))),
        new("Transpose", [new(2, 3, 4)], (g, x) => g.Transpose(x[0], 1, 2, 0)),
        new("Transpose to the reverse", [new(2, 3, 4)], (g, x) => g.Apply("Transpose", [x[0]])),

        new("Constant", [new(2, 3)], (g, x) => g.Apply("Constant", [], ("value", Tensor.Of(new Shape(1, 2), 3, 4)))),

        new("Slice", [new(2, 9, 8)], (g, x) => g.Slice(x[0], [1, 2], [7, 8], [1, 2], [2, 3])),
        new("Slice without steps", [new(2, 9)], (g, x) => g.Slice(x[0], [2], [int.MaxValue], [1])),
        new("Slice without axes", [new(4, 9)], (g, x) => g.Apply("Slice", [x[0], Vector(g, 0, 2), Vector(g, 3, 5)])),
        new(
            "Slice with an axis left out", [new(4, 9)],
            (g, x) => g.Apply("Slice", [x[0], Vector(g, 0, 2), Vector(g, 3, 9), null, Vector(g, 1, 2)])),
        new("Slice by negative indices", [new(2, 9)], (g, x) => g.Slice(x[0], [-7], [-2], [-1])),
        new("Slice backwards", [new(2, 9)], (g, x) => g.Slice(x[0], [-1], [int.MinValue], [1], [-2])),
        new("Slice backwards to an index", [new(2, 9)], (g, x) => g.Slice(x[0], [7], [-8], [1], [-3])),
        new("Slice backwards from before the start", [new(2, 9)], (g, x) => g.Slice(x[0], [-100], [int.MinValue], [1], [-1])),
        new("Slice of nothing", [new(2, 9)], (g, x) => g.Slice(x[0], [5], [3], [1])),
        new("Slice by a step beyond the end", [new(2, 9)], (g, x) => g.Slice(x[0], [3], [9], [1], [int.MaxValue])),
    ];

    private static IEnumerable<ShapeCase> Elementwise(params string[] ops) => ops.SelectMany(op => new ShapeCase[]
    {
        new(op, [new(2, 3, 4)], (g, x) => g.Apply(op, [x[0], Weight(g, 3, 1)])),
        new($"{op} to a higher rank", [new(2, 1)], (g, x) => g.Apply(op, [x[0], Weight(g, 5, 1, 3)])),
        new($"{op} with a scalar", [new(2, 3)], (g, x) => g.Apply(op, [g.Scalar(2), x[0]])),
        new($"{op} of two batches", [new(2, 3), new(2, 1)], (g, x) => g.Apply(op, [x[0], x[1]])),
    });

    private static IEnumerable<ShapeCase> Unary(params string[] ops) =>
        ops.Select(op => new ShapeCase(op, [new(2, 3, 4)], (g, x) => g.Apply(op, [x[0]])));

    private static IEnumerable<ShapeCase> Reductions(params string[] ops) => ops.SelectMany(op => new ShapeCase[]
    {
        new(op, [new(2, 3, 4, 5)], (g, x) => g.Apply(op, [x[0]], ("axes", Ints(2, -1)))),
        new($"{op} dropping its axes", [new(2, 3, 4, 5)], (g, x) => g.Apply(op, [x[0]], ("axes", Ints(2, 3)), ("keepdims", 0L))),
        new($"{op} over everything", [new(2, 3, 4)], (g, x) => g.Apply(op, [x[0]])),
    });

    private static ShapeCase Conv(string description, int[] x, int[] w, params (string, object)[] attributes) =>
        new($"Conv {description}", [new(x)], (g, inputs) => g.Apply("Conv", [inputs[0], Weight(g, w)], attributes));

    private static ShapeCase ConvTranspose(string description, int[] x, int[] w, params (string, object)[] attributes) =>
        new($"ConvTranspose {description}", [new(x)], (g, inputs) => g.Apply("ConvTranspose", [inputs[0], Weight(g, w)], attributes));

    // Among these sizes are some for which rounding up and down differ, and some for which the last window would start outside of the
    // input.
    private static IEnumerable<ShapeCase> Pool(string op)
    {
        ShapeCase Case(string description, int[] x, params (string, object)[] attributes) =>
            new($"{op} {description}", [new(x)], (g, inputs) => g.Apply(op, [inputs[0]], attributes));
        (string, object) kernel = ("kernel_shape", Ints(3, 2)), strides = ("strides", Ints(2, 2)), up = ("ceil_mode", 1L);
        yield return Case("with stride 1", [2, 3, 7, 7], kernel);
        for (int size = 4; size < 9; size++)
        {
            yield return Case($"of {size} rounding down", [2, 3, size, size], kernel, strides);
            yield return Case($"of {size} rounding up", [2, 3, size, size], kernel, strides, up);
            yield return Case(
                $"of {size} padded, rounding up", [2, 3, size, size], kernel, ("strides", Ints(3, 2)), up, ("pads", Ints(1, 1, 1, 1)));
            yield return Case(
                $"of {size} with wide strides, rounding up", [2, 3, size, size], ("kernel_shape", Ints(2, 2)), ("strides", Ints(4, 3)), up,
                ("pads", Ints(0, 0, 1, 1)));
            yield return Case($"of {size} same upper", [2, 3, size, size], kernel, ("strides", Ints(3, 2)), ("auto_pad", "SAME_UPPER"));
            yield return Case($"of {size} same lower", [2, 3, size, size], kernel, ("strides", Ints(3, 2)), ("auto_pad", "SAME_LOWER"));
        }
    }

    private static Value Quantized(Graph g, Value x) => g.Apply("QuantizeLinear", [x, g.Scalar(1), Zero(g)]);

    private static Value Zero(Graph g) => g.Constant(new Tensor(ElementType.UInt8, Shape.Scalar, new byte[1]));

    private static Value Weight(Graph g, params int[] shape) => g.Constant(Tensor.Drawn(new Shape(shape), w => w.Fill(1)));

    private static Value Vector(Graph g, params long[] values) => g.Constant(Tensor.Of(values));

    private static Value Dimension(Graph g, Value x, long axis) =>
        g.Apply(
            "Unsqueeze",
            [
                g.Apply(
                    "Gather",
                    [g.Apply("Shape", [x]), g.Constant(new Tensor(ElementType.Int64, Shape.Scalar, BitConverter.GetBytes(axis)))]),
                Vector(g, 0)]);

    // Converts PyTorch's order of pads, from the last axis to the first, start and end for each axis, to ONNX's order, all starts and then
    // all ends. The nodes are those of PyTorch's exporter.
    private static Value ReorderedPads(Graph g, params long[] pads)
    {
        var pairs = g.Slice(g.Reshape(Vector(g, pads), new(-1, 2)), [-1], [int.MinValue], [0], [-1]);
        return g.Apply("Cast", [g.Reshape(g.Transpose(pairs, 1, 0), new(-1))], ("to", (long)ElementType.Int64));
    }

    private static long[] Ints(params long[] values) => values;
}
