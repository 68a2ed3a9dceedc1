namespace Fovea.Models.Graphs;

/// <summary>Converts operators of sets newer than 17 to operator set 17.</summary>
internal static class NewerForms
{
    /// <summary>
    /// GELU(x) = x/2 (1 + erf(x / sqrt 2)), or with approximate=tanh: x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))). The operators have the
    /// same order as in PyTorch's export, so that ONNX Runtime recognises and fuses them.
    /// </summary>
    public static IReadOnlyList<Value> Gelu(OpsetConversion c, Node node, Value?[] inputs)
    {
        var x = inputs[0]!;
        var gate = node.Text("approximate", "none") == "tanh"
            ? c.Target.Apply("Tanh", [(x + x * x * x * 0.044715f) * MathF.Sqrt(2 / MathF.PI)])
            : c.Target.Apply("Erf", [x / c.Target.Scalar(MathF.Sqrt(2))]);
        return c.Add(node, [x * (gate + 1), c.Target.Scalar(0.5f)], "Mul", ["approximate"]);
    }

    /// <summary>Set 18 added attributes to Resize. With their default values, the operator is the same as in set 17.</summary>
    public static IReadOnlyList<Value> Resize(OpsetConversion c, Node node, Value?[] inputs) =>
        node.Int("antialias") != 0 ? throw c.Unsupported(node, "has antialias 1")
        : node.Attributes.ContainsKey("axes") ? throw c.Unsupported(node, "has the attribute axes")
        : node.Text("keep_aspect_ratio_policy", "stretch") != "stretch"
            ? throw c.Unsupported(node, "has a keep_aspect_ratio_policy other than stretch")
        : node.Text("coordinate_transformation_mode", "") == "half_pixel_symmetric"
            ? throw c.Unsupported(node, "has the coordinate_transformation_mode half_pixel_symmetric")
        : c.Add(node, inputs, without: ["antialias", "keep_aspect_ratio_policy"]);

    /// <summary>
    /// Set 18 added the attribute num_outputs to Split, the number of parts. The converted node gets the sizes of the parts. If they are
    /// known only when the graph runs, it gets no sizes, and makes equal parts.
    /// </summary>
    public static IReadOnlyList<Value>? Split(OpsetConversion c, Node node, Value?[] inputs)
    {
        if (!node.Attributes.ContainsKey("num_outputs"))
        {
            return null;
        }

        int axis = node.Int32("axis");
        long[] sizes = [.. node.Outputs.Select(part => (long)part.Shape[axis])];
        var known = sizes.Contains(Shape.Free) ? null : c.Target.Constant(Tensor.Of(sizes));
        return c.Add(node, [inputs[0], known], without: ["num_outputs"]);
    }

    /// <summary>Set 18 added an input with the axes to Pad, and set 19 added the mode wrap.</summary>
    public static IReadOnlyList<Value>? Pad(OpsetConversion c, Node node, Value?[] inputs) =>
        node.Text("mode", "constant") == "wrap" ? throw c.Unsupported(node, "pads by wrapping around")
        : inputs.ElementAtOrDefault(3) is not null ? c.Add(node, [inputs[0], PadsOfAllAxes(c, node), inputs[2]])
        : null;

    /// <summary>
    /// Set 18 passes the axes of a reduction as an input; set 17 has an attribute. With noop_with_empty_axes, a reduction without axes is
    /// the identity.
    /// </summary>
    public static IReadOnlyList<Value> AxesToAttribute(OpsetConversion c, Node node, Value?[] inputs)
    {
        var axes = node.Given("axes", 1) ?? throw c.Unsupported(node, "computes its axes");
        string[] without = ["axes", "noop_with_empty_axes"];
        var x = inputs[0];
        return axes.Length > 0 ? c.Add(node, [x], without: without, with: ("axes", axes.Select(axis => (long)axis).ToArray()))
            : node.Int("noop_with_empty_axes") == 0 ? c.Add(node, [x], without: without)
            : c.Add(node, [x], "Identity", [.. without, "keepdims"]);
    }

    /// <summary>Set 19 added dilations to AveragePool.</summary>
    public static IReadOnlyList<Value> AveragePool(OpsetConversion c, Node node, Value?[] inputs) =>
        node.Ints("dilations", 1, 1) is [1, 1]
            ? c.Add(node, inputs, without: ["dilations"])
            : throw c.Unsupported(node, "has dilations");

    /// <summary>Sets after 17 added scales per block and more types to QuantizeLinear and DequantizeLinear.</summary>
    public static IReadOnlyList<Value> Quantization(OpsetConversion c, Node node, Value?[] inputs) =>
        node.Int("block_size") != 0 ? throw c.Unsupported(node, "has blocks")
        : node.Inputs.Concat(node.Outputs).Any(value => value?.Type is ElementType.UInt16 or ElementType.Int16)
            ? throw c.Unsupported(node, "has 16-bit numbers")
        : c.Add(node, inputs, without: ["saturate", "block_size", "output_dtype", "precision"]);

    // The pads for all axes, with zeros for the axes that are not padded: first all starts, then all ends.
    private static Value PadsOfAllAxes(OpsetConversion c, Node node)
    {
        int rank = node[0].Shape.Rank;
        int[] pads = node.Given("pads", 1) ?? throw c.Unsupported(node, "computes its pads");
        int[] axes = node.Given("axes", 3) ?? throw c.Unsupported(node, "computes its axes");
        var all = new long[2 * rank];
        foreach (var (i, axis) in axes.Index())
        {
            int at = axis < 0 ? axis + rank : axis;
            (all[at], all[at + rank]) = (pads[i], pads[i + axes.Length]);
        }

        return c.Target.Constant(Tensor.Of(all));
    }
}
