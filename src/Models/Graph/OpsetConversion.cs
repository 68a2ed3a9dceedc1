namespace Fovea.Models;

/// <summary>
/// Converts a graph of another ONNX operator set to the set that Fovea writes, <see cref="Graph.Opset"/>. The converted graph computes the
/// same outputs. Gradient rules and shape rules then have to know one set only.
/// </summary>
public sealed class OpsetConversion
{
    private const int Oldest = 7, Newest = 21;

    // Operators without a shape rule that have the same meaning in all sets from Oldest to Newest.
    private static readonly string[] Unchanged =
    [
        "Celu", "Cos", "CumSum", "DepthToSpace", "Einsum", "GatherElements", "GatherND", "LpNormalization", "Mod", "NonZero", "Range",
        "ScatterND", "Sin", "Size", "SpaceToDepth", "ThresholdedRelu", "Tile",
    ];

    private static readonly string[] WeightedOperators = ["Conv", "ConvTranspose", "Gemm", "MatMul", "BatchNormalization"];

    private readonly Graph target;
    private readonly long set;
    private readonly HashSet<Value> weights;

    private OpsetConversion(Graph source, Graph target)
    {
        (this.target, set) = (target, source.OperatorSets[""]);
        weights = [.. source.Nodes.Where(node => WeightedOperators.Contains(node.Op)).SelectMany(node => node.Inputs.OfType<Value>())];
    }

    /// <summary>
    /// Returns the network in operator set 17. Names, metadata and operators of other domains are kept. The given graph is not changed.
    /// </summary>
    /// <exception cref="FoveaException">
    /// The graph's set is not 7 to 21, or a node cannot be expressed in set 17. The message names the node.
    /// </exception>
    public static Graph Convert(Graph graph)
    {
        if (!graph.OperatorSets.TryGetValue("", out long set) || set is < Oldest or > Newest)
        {
            throw new FoveaException(
                ErrorCode.BadModelFile,
                $"{graph.Name} is of operator set {set}; expected {Oldest} to {Newest}. Export the model again with one of these.");
        }

        var converted = graph.EmptyCopy();
        converted.OperatorSets[""] = Graph.Opset;
        var replaced = graph.Inputs.ToDictionary(input => input, input => converted.Input(input.Name, input.Type, input.Shape));
        graph.CopyTo(converted, replaced, new OpsetConversion(graph, converted).Rewrite);
        foreach (var output in graph.Outputs)
        {
            converted.Output(replaced[output]);
        }

        return converted;
    }

    // Emits the set-17 form of a node and returns its outputs; null for a node that is the same in set 17.
    private IReadOnlyList<Value>? Rewrite(Node node, Value?[] inputs) => (node.Domain, node.Op, set) switch
    {
        // Older forms
        ("", "Slice", < 10) => AttributesToInputs(node, inputs[0], "starts", "ends", "axes"),
        ("", "Clip", < 11) => AttributesToInputs(node, inputs[0], "min", "max"),
        ("", "Pad", < 11) => AttributesToInputs(node, inputs[0], "pads", "value"),
        ("", "Dropout", < 12) => AttributesToInputs(node, inputs[0], "ratio"),
        ("", "Split", < 13) => AttributesToInputs(node, inputs[0], "split"),
        ("", "Squeeze" or "Unsqueeze" or "ReduceSum", < 13) => AttributesToInputs(node, inputs[0], "axes"),
        ("", "Softmax" or "LogSoftmax", < 13) => SoftmaxOverFlattenedAxes(node, inputs[0]!),
        ("", "Upsample", < 10) or ("", "Resize", < 11) => AsymmetricResize(node, inputs),
        ("", "BatchNormalization", < 14) => InferenceBatchNormalization(node, inputs),

        // Newer forms
        ("", "Split", > 17) when node.Attributes.ContainsKey("num_outputs") =>
            Add(node, [inputs[0], SplitSizes(node)], without: ["num_outputs"]),
        ("", "Pad", > 17) when node.Text("mode", "constant") == "wrap" => throw Unsupported(node, "pads by wrapping around"),
        ("", "Pad", > 17) when inputs.ElementAtOrDefault(3) is not null => Add(node, [inputs[0], PadsOfAllAxes(node), inputs[2]]),
        ("", "ReduceL1" or "ReduceL2" or "ReduceLogSum" or "ReduceLogSumExp" or "ReduceMax", > 17) => AxesToAttribute(node, inputs[0]),
        ("", "ReduceMean" or "ReduceMin" or "ReduceProd" or "ReduceSumSquare", > 17) => AxesToAttribute(node, inputs[0]),
        ("", "Resize", > 17) => ResizeWithoutNewAttributes(node, inputs),
        ("", "AveragePool", > 18) when node.Ints("dilations", 1, 1) is not [1, 1] => throw Unsupported(node, "has dilations"),
        ("", "AveragePool", > 18) => Add(node, inputs, without: ["dilations"]),
        ("", "Cast", > 18) => Add(node, inputs, without: ["saturate"]),
        ("", "Gelu", _) or ("com.microsoft", "Gelu", _) => Gelu(node, inputs[0]!),
        ("", "Mish", _) => Add(node, [inputs[0], target.Apply("Tanh", [target.Apply("Softplus", [inputs[0]])])], "Mul"),

        // Constant nodes that hold weights become initializers.
        ("", "Constant", _) when weights.Contains(node.Output) && node.Output.Constant is { } weight =>
            [target.Initializer(node.Output.Name, weight)],
        ("", var op, not Graph.Opset) when !ShapeRules.Operators.Contains(op) && !Unchanged.Contains(op) =>
            throw Unsupported(node, "has no known conversion"),
        _ => null,
    };

    // Passes attributes as inputs. An attribute that is left out becomes an input that is left out.
    private IReadOnlyList<Value> AttributesToInputs(Node node, Value? x, params string[] attributes)
    {
        Value?[] inputs = [x, .. attributes.Select(attribute => node.Attributes.GetValueOrDefault(attribute) switch
        {
            null => null,
            long[] numbers => target.Constant(Tensor.Of(numbers)),
            float number => target.Scalar(number),
            _ => throw Unsupported(node, $"has an attribute {attribute} that is neither numbers nor a list of integers"),
        })];
        return Add(node, inputs[..(Array.FindLastIndex(inputs, input => input is not null) + 1)], without: attributes);
    }

    // Before set 13, softmax ran over the given axis and all later axes, flattened into one. If the later axes have size 1, softmax over
    // the given axis is the same. Otherwise the input is flattened to [rows, columns], and the result gets the input's shape.
    private IReadOnlyList<Value> SoftmaxOverFlattenedAxes(Node node, Value x)
    {
        int axis = (int)node.Int("axis", 1), rank = x.Shape.Rank;
        int first = axis < 0 ? axis + rank : axis;
        if (x.Shape.IsRanked && x.Shape.Dimensions[Math.Min(first + 1, rank)..].All(dimension => dimension == 1))
        {
            return Add(node, [x], without: ["axis"], with: ("axis", (long)first));
        }

        var rows = target.Apply(node.Op, [target.Apply("Flatten", [x], ("axis", (long)axis))], ("axis", 1L));
        return Add(node, [rows, target.Apply("Shape", [x])], "Reshape", without: ["axis"]);
    }

    // Before set 11, the input coordinate was the output coordinate divided by the scale, without the half-pixel offset. The nearest input
    // was found by rounding down, or by rounding up if the image shrinks.
    private IReadOnlyList<Value> AsymmetricResize(Node node, Value?[] inputs)
    {
        var scales = inputs.ElementAtOrDefault(1) ?? target.Constant(node.Attributes.GetValueOrDefault("scales") is float[] factors
            ? Tensor.Of(new Shape(factors.Length), factors)
            : throw Unsupported(node, "has no scales"));
        bool shrinks = scales.Constant?.Floats.ToArray().Any(scale => scale < 1) == true;
        var rounding = shrinks ? "ceil" : "floor";
        (string, object) coordinates = ("coordinate_transformation_mode", "asymmetric"), nearest = ("nearest_mode", rounding);
        return Add(node, [inputs[0], null, scales], "Resize", ["scales"], coordinates, nearest);
    }

    // Set 18 added attributes to Resize. Their default values mean the same as the operator of set 17.
    private IReadOnlyList<Value> ResizeWithoutNewAttributes(Node node, Value?[] inputs) =>
        node.Int("antialias") != 0 ? throw Unsupported(node, "has antialias 1")
        : node.Attributes.ContainsKey("axes") ? throw Unsupported(node, "has the attribute axes")
        : node.Text("keep_aspect_ratio_policy", "stretch") != "stretch"
            ? throw Unsupported(node, "has a keep_aspect_ratio_policy other than stretch")
        : node.Text("coordinate_transformation_mode", "") == "half_pixel_symmetric"
            ? throw Unsupported(node, "has the coordinate_transformation_mode half_pixel_symmetric")
        : Add(node, inputs, without: ["antialias", "keep_aspect_ratio_policy"]);

    // Before set 14, outputs after the first were statistics for training. They are dropped, since current runtimes do not implement that
    // form.
    private IReadOnlyList<Value> InferenceBatchNormalization(Node node, Value?[] inputs)
    {
        if (node.Int("spatial", 1) == 0)
        {
            throw Unsupported(node, "has spatial 0, statistics per pixel");
        }

        return target.Add(node.Op, inputs, [.. Attributes(node, ["spatial", "is_test"])], node.Name, outputs: node.Output.Name).Outputs;
    }

    // Null if a size is known only when the graph runs; Split without sizes then makes equal parts.
    private Value? SplitSizes(Node node)
    {
        int axis = (int)node.Int("axis");
        long[] sizes = [.. node.Outputs.Select(part => (long)part.Shape[axis])];
        return sizes.Contains(Shape.Free) ? null : target.Constant(Tensor.Of(sizes));
    }

    // The pads of some axes, extended by zeros to all axes: first all starts, then all ends.
    private Value PadsOfAllAxes(Node node)
    {
        int rank = node[0].Shape.Rank;
        int[] pads = node.Given("pads", 1) ?? throw Unsupported(node, "computes its pads");
        int[] axes = node.Given("axes", 3) ?? throw Unsupported(node, "computes its axes");
        var all = new long[2 * rank];
        foreach (var (i, axis) in axes.Index())
        {
            int at = axis < 0 ? axis + rank : axis;
            (all[at], all[at + rank]) = (pads[i], pads[i + axes.Length]);
        }

        return target.Constant(Tensor.Of(all));
    }

    // Set 18 passes the axes of a reduction as an input, set 17 as an attribute. With noop_with_empty_axes, no axes mean the identity.
    private IReadOnlyList<Value> AxesToAttribute(Node node, Value? x)
    {
        var axes = node.Given("axes", 1) ?? throw Unsupported(node, "computes its axes");
        string[] without = ["axes", "noop_with_empty_axes"];
        return axes.Length > 0 ? Add(node, [x], without: without, with: ("axes", axes.Select(axis => (long)axis).ToArray()))
            : node.Int("noop_with_empty_axes") == 0 ? Add(node, [x], without: without)
            : Add(node, [x], "Identity", [.. without, "keepdims"]);
    }

    // GELU(x) = x/2 (1 + erf(x / sqrt 2)), or with approximate=tanh x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))). The operators stand in
    // the order of PyTorch's export, which ONNX Runtime recognises and fuses.
    private IReadOnlyList<Value> Gelu(Node node, Value x)
    {
        var gate = node.Text("approximate", "none") == "tanh"
            ? target.Apply("Tanh", [(x + x * x * x * 0.044715f) * MathF.Sqrt(2 / MathF.PI)])
            : target.Apply("Erf", [x / target.Scalar(MathF.Sqrt(2))]);
        return Add(node, [x * (gate + 1), target.Scalar(0.5f)], "Mul", ["approximate"]);
    }

    // Adds a node with the name, the outputs and the attributes of the given one, except for the differences named.
    private IReadOnlyList<Value> Add(
        Node node, Value?[] inputs, string? op = null, string[]? without = null, params (string Name, object Value)[] with)
    {
        string[] outputs = [.. node.Outputs.Select(output => output.Name)];
        return target.Add(op ?? node.Op, inputs, [.. Attributes(node, without ?? []), .. with], node.Name, outputs: outputs).Outputs;
    }

    private static IEnumerable<(string Name, object Value)> Attributes(Node node, string[] without) =>
        node.Attributes.Where(attribute => !without.Contains(attribute.Key)).Select(attribute => (attribute.Key, attribute.Value));

    private FoveaException Unsupported(Node node, string reason) => new(
        ErrorCode.BadModelFile,
        $"Node {node.Name} ({node.Op}) of operator set {set} {reason}, so it cannot be converted to set {Graph.Opset}. "
        + $"Export the model again with operator set {Graph.Opset}.");
}
