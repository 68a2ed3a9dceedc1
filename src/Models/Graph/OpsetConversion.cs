namespace Fovea.Models;

/// <summary>
/// Rewrites a graph of another operator set in the one that everything here is written in (<see cref="Graph.Opset"/>), so that it can be trained:
/// what it computes stays exactly the same.
/// </summary>
public sealed class OpsetConversion
{
    private const int Oldest = 7, Newest = 21;

    // Means the same in all of these sets, beside the operators whose shapes are known.
    private static readonly string[] Unchanged =
        ["Celu", "Cos", "CumSum", "DepthToSpace", "Einsum", "GatherElements", "GatherND", "LpNormalization", "Mod", "NonZero", "Range", "ScatterND", "Sin", "Size", "SpaceToDepth", "ThresholdedRelu", "Tile"];

    private readonly Graph target;
    private readonly long set;
    private readonly HashSet<Value> weights;

    private OpsetConversion(Graph source, Graph target)
    {
        (this.target, set) = (target, source.OperatorSets[""]);
        weights = [.. source.Nodes.Where(node => node.Op is "Conv" or "ConvTranspose" or "Gemm" or "MatMul" or "BatchNormalization").SelectMany(node => node.Inputs.OfType<Value>())];
    }

    /// <summary>The same network in operator set 17, names, metadata and other domains' operators kept.</summary>
    /// <exception cref="FoveaException">Its set is not one of 7 to 21, or a node has no counterpart in 17; the message names the node.</exception>
    public static Graph Convert(Graph graph)
    {
        if (!graph.OperatorSets.TryGetValue("", out long set) || set is < Oldest or > Newest)
        {
            throw new FoveaException(ErrorCode.BadModelFile, $"{graph.Name} is of operator set {set}; expected {Oldest} to {Newest}. Export it again with one of these.");
        }

        var converted = graph.Blank();
        converted.OperatorSets[""] = Graph.Opset;
        var replaced = graph.Inputs.ToDictionary(input => input, input => converted.Input(input.Name, input.Type, input.Shape));
        graph.CopyTo(converted, replaced, new OpsetConversion(graph, converted).Changed);
        foreach (var output in graph.Outputs)
        {
            converted.Output(replaced[output]);
        }

        return converted;
    }

    // What has changed since the file's set, or was new in it; null: nothing.
    private IReadOnlyList<Value>? Changed(Node node, Value?[] inputs) => (node.Domain, node.Op, set) switch
    {
        ("", "Slice", < 10) => WithInputs(node, inputs[0], "starts", "ends", "axes"),
        ("", "Clip", < 11) => WithInputs(node, inputs[0], "min", "max"),
        ("", "Pad", < 11) => WithInputs(node, inputs[0], "pads", "value"),
        ("", "Dropout", < 12) => WithInputs(node, inputs[0], "ratio"),
        ("", "Split", < 13) => WithInputs(node, inputs[0], "split"),
        ("", "Squeeze" or "Unsqueeze" or "ReduceSum", < 13) => WithInputs(node, inputs[0], "axes"),
        ("", "Softmax" or "LogSoftmax", < 13) => OverAllThatFollow(node, inputs[0]!),
        ("", "Upsample", < 10) or ("", "Resize", < 11) => Resized(node, inputs),
        ("", "BatchNormalization", < 14) => Frozen(node, inputs),

        ("", "Split", > 17) when node.Attributes.ContainsKey("num_outputs") => Add(node, [inputs[0], Sizes(node)], without: ["num_outputs"]),
        ("", "Pad", > 17) when node.Text("mode", "constant") == "wrap" => throw Impossible(node, "wraps round"),
        ("", "Pad", > 17) when inputs.ElementAtOrDefault(3) is not null => Add(node, [inputs[0], AllPads(node), inputs[2]]),
        ("", "ReduceL1" or "ReduceL2" or "ReduceLogSum" or "ReduceLogSumExp" or "ReduceMax" or "ReduceMean" or "ReduceMin" or "ReduceProd" or "ReduceSumSquare", > 17) => Reduced(node, inputs[0]),
        ("", "Resize", > 17) => SameResize(node, inputs),
        ("", "AveragePool", > 18) => node.Ints("dilations", 1, 1) is [1, 1] ? Add(node, inputs, without: ["dilations"]) : throw Impossible(node, "has dilations"),
        ("", "Cast", > 18) => Add(node, inputs, without: ["saturate"]),
        ("", "Gelu", _) or ("com.microsoft", "Gelu", _) => Gelu(node, inputs[0]!),
        ("", "Mish", _) => Add(node, [inputs[0], target.Apply("Tanh", [target.Apply("Softplus", [inputs[0]])])], "Mul"),

        ("", "Constant", _) when weights.Contains(node.Output) && node.Output.Constant is { } weight => [target.Initializer(node.Output.Name, weight)],
        ("", var op, not Graph.Opset) when !ShapeRules.Operators.Contains(op) && !Unchanged.Contains(op) => throw Impossible(node, "is not known to be the same"),
        _ => null,
    };

    // What was an attribute is an input now, left out where it was.
    private IReadOnlyList<Value> WithInputs(Node node, Value? x, params string[] attributes)
    {
        Value?[] inputs = [x, .. attributes.Select(attribute => node.Attributes.GetValueOrDefault(attribute) switch
        {
            null => null,
            long[] numbers => target.Constant(Tensor.Of(numbers)),
            float number => target.Scalar(number),
            _ => throw Impossible(node, $"has a strange attribute {attribute}"),
        })];
        return Add(node, inputs[..(Array.FindLastIndex(inputs, input => input is not null) + 1)], without: attributes);
    }

    // Before set 13 the axis and all that follow it were taken together.
    private IReadOnlyList<Value> OverAllThatFollow(Node node, Value x)
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

    // Before set 11 places were scaled as they are, and the nearest was the one before, or the one behind where an image shrinks.
    private IReadOnlyList<Value> Resized(Node node, Value?[] inputs)
    {
        var scales = inputs.ElementAtOrDefault(1) ?? target.Constant(node.Attributes.GetValueOrDefault("scales") is float[] given
            ? Tensor.Of(new Shape(given.Length), given)
            : throw Impossible(node, "lacks its scales"));
        bool shrinks = scales.Constant?.Floats.ToArray().Any(scale => scale < 1) == true;
        return Add(
            node, [inputs[0], null, scales], "Resize", ["scales"], ("coordinate_transformation_mode", "asymmetric"), ("nearest_mode", shrinks ? "ceil" : "floor"));
    }

    // Set 18 can do more, and says so in attributes.
    private IReadOnlyList<Value> SameResize(Node node, Value?[] inputs) =>
        node.Int("antialias") != 0 ? throw Impossible(node, "smooths what it shrinks")
        : node.Attributes.ContainsKey("axes") ? throw Impossible(node, "names axes")
        : node.Text("keep_aspect_ratio_policy", "stretch") != "stretch" ? throw Impossible(node, "keeps the aspect ratio")
        : node.Text("coordinate_transformation_mode", "") == "half_pixel_symmetric" ? throw Impossible(node, "has symmetric half pixels")
        : Add(node, inputs, without: ["antialias", "keep_aspect_ratio_policy"]);

    // Outputs after the first were for training, in a form that no runtime has any more.
    private IReadOnlyList<Value> Frozen(Node node, Value?[] inputs)
    {
        if (node.Int("spatial", 1) == 0)
        {
            throw Impossible(node, "normalises each pixel by itself");
        }

        return target.Add(node.Op, inputs, [.. Attributes(node, ["spatial", "is_test"])], node.Name, outputs: node.Output.Name).Outputs;
    }

    private Value? Sizes(Node node)
    {
        int axis = (int)node.Int("axis");
        long[] sizes = [.. node.Outputs.Select(part => (long)part.Shape[axis])];
        return sizes.Contains(Shape.Free) ? null : target.Constant(Tensor.Of(sizes));
    }

    private Value AllPads(Node node)
    {
        int rank = node[0].Shape.Rank;
        int[] pads = node.Given("pads", 1) ?? throw Impossible(node, "computes its pads"), axes = node.Given("axes", 3) ?? throw Impossible(node, "computes its axes");
        var all = new long[2 * rank];
        foreach (var (i, axis) in axes.Index())
        {
            int at = axis < 0 ? axis + rank : axis;
            (all[at], all[at + rank]) = (pads[i], pads[i + axes.Length]);
        }

        return target.Constant(Tensor.Of(all));
    }

    private IReadOnlyList<Value> Reduced(Node node, Value? x)
    {
        var axes = node.Given("axes", 1) ?? throw Impossible(node, "computes its axes");
        string[] without = ["axes", "noop_with_empty_axes"];
        return axes.Length > 0 ? Add(node, [x], without: without, with: ("axes", axes.Select(axis => (long)axis).ToArray()))
            : node.Int("noop_with_empty_axes") == 0 ? Add(node, [x], without: without)
            : Add(node, [x], "Identity", [.. without, "keepdims"]);
    }

    // x/2 (1 + erf(x / sqrt 2)), in the order of PyTorch's export, which runtimes know to fuse; or x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))).
    private IReadOnlyList<Value> Gelu(Node node, Value x)
    {
        var bell = node.Text("approximate", "none") == "tanh"
            ? target.Apply("Tanh", [(x + x * x * x * 0.044715f) * MathF.Sqrt(2 / MathF.PI)])
            : target.Apply("Erf", [x / target.Scalar(MathF.Sqrt(2))]);
        return Add(node, [x * (bell + 1), target.Scalar(0.5f)], "Mul", ["approximate"]);
    }

    private IReadOnlyList<Value> Add(Node node, Value?[] inputs, string? op = null, string[]? without = null, params (string Name, object Value)[] with) =>
        target.Add(op ?? node.Op, inputs, [.. Attributes(node, without ?? []), .. with], node.Name, outputs: [.. node.Outputs.Select(output => output.Name)]).Outputs;

    private static IEnumerable<(string Name, object Value)> Attributes(Node node, string[] without) =>
        node.Attributes.Where(attribute => !without.Contains(attribute.Key)).Select(attribute => (attribute.Key, attribute.Value));

    private FoveaException Impossible(Node node, string what) =>
        new(ErrorCode.BadModelFile, $"Node {node.Name} ({node.Op}) of operator set {set} {what}, so it cannot be written in set {Graph.Opset}. Export the model again with set {Graph.Opset}.");
}
