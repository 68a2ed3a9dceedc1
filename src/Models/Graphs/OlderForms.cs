namespace Fovea.Models.Graphs;

/// <summary>Converts operators of sets older than 17 to operator set 17.</summary>
internal static class OlderForms
{
    /// <summary>An attribute that sets before 6 had: the inputs that the operator may overwrite. It is dropped.</summary>
    public const string Consumed = "consumed_inputs";

    /// <summary>Turns attributes into constant inputs, as newer sets require. A missing attribute becomes a missing input.</summary>
    public static ConversionRule AttributesToInputs(params string[] attributes) => (c, node, x) =>
    {
        Value?[] inputs = [x[0], .. attributes.Select(attribute => node.Attributes.GetValueOrDefault(attribute) switch
        {
            null => null,
            long[] numbers => c.Target.Constant(Tensor.Of(numbers)),
            float number => c.Target.Scalar(number),
            _ => throw c.Unsupported(node, $"has an attribute {attribute} that is neither numbers nor a list of integers"),
        })];
        string[] without = [.. attributes, "is_test", Consumed];
        return c.Add(node, inputs[..(Array.FindLastIndex(inputs, input => input is not null) + 1)], without: without);
    };

    /// <summary>
    /// Before set 13, softmax ran over the given axis and all later axes, flattened into one. If the later axes have size 1, softmax over
    /// the given axis is the same. Otherwise the input is flattened to [rows, columns], and the result gets the input's shape.
    /// </summary>
    public static IReadOnlyList<Value> SoftmaxOverFlattenedAxes(OpsetConversion c, Node node, Value?[] inputs)
    {
        var x = inputs[0]!;
        int axis = node.Int32("axis", 1), rank = x.Shape.Rank;
        int first = axis < 0 ? axis + rank : axis;

        // With one image, a softmax over all axes equals a softmax over the classes.
        first = first == 0 && rank > 1 && x.Shape[0] == 1 ? 1 : first;
        if (x.Shape.IsRanked && x.Shape.Dimensions[Math.Min(first + 1, rank)..].All(dimension => dimension == 1))
        {
            return c.Add(node, [x], without: ["axis"], with: ("axis", (long)first));
        }

        var rows = c.Target.Apply(node.Op, [c.Target.Apply("Flatten", [x], ("axis", (long)axis))], ("axis", 1L));
        return c.Add(node, [rows, c.Target.Apply("Shape", [x])], "Reshape", without: ["axis"]);
    }

    /// <summary>
    /// Before set 11, the input coordinate was the output coordinate divided by the scale, without the half-pixel offset. The nearest input
    /// was found by rounding down, or by rounding up if the image shrinks.
    /// </summary>
    public static IReadOnlyList<Value> AsymmetricResize(OpsetConversion c, Node node, Value?[] inputs)
    {
        var scales = inputs.ElementAtOrDefault(1) ?? c.Target.Constant(node.Attributes.GetValueOrDefault("scales") is float[] factors
            ? Tensor.Of(new Shape(factors.Length), factors)
            : throw c.Unsupported(node, "has no scales"));
        bool shrinks = scales.Constant?.Floats.ToArray().Any(scale => scale < 1) == true;
        var rounding = shrinks ? "ceil" : "floor";
        (string, object) coordinates = ("coordinate_transformation_mode", "asymmetric"), nearest = ("nearest_mode", rounding);
        return c.Add(node, [inputs[0], null, scales], "Resize", ["scales"], coordinates, nearest);
    }

    /// <summary>
    /// Before set 14, outputs after the first were statistics for training. They are dropped, since current runtimes do not implement this
    /// form. With spatial 0, mean and variance belong to single elements of an image instead of channels, and the node is replaced by basic
    /// operators: y = (x - mean) / sqrt(variance + epsilon) scale + bias.
    /// </summary>
    public static IReadOnlyList<Value> InferenceBatchNormalization(OpsetConversion c, Node node, Value?[] inputs)
    {
        if (node.Int("spatial", 1) != 0)
        {
            return c.Add(node, inputs, outputs: 1, without: ["spatial", "is_test", Consumed]);
        }

        var deviation = c.Target.Sqrt(inputs[4]! + node.Float("epsilon", 1e-5f));
        var normalized = (inputs[0]! - inputs[3]!) / deviation * inputs[1]!;
        return c.Target.Add("Add", [normalized, inputs[2]], name: node.Name, outputs: node.Output.Name).Outputs;
    }

    /// <summary>
    /// Before set 7, the attribute axis aligned the first axis of the second operand with this axis of the first operand. Without the
    /// attribute, the operands were aligned at their last axes, as in newer sets.
    /// </summary>
    public static IReadOnlyList<Value> AlignedAtAxis(OpsetConversion c, Node node, Value?[] inputs)
    {
        string[] without = ["broadcast", "axis", Consumed];
        if (node.Int("broadcast") == 0 || !node.Attributes.ContainsKey("axis") || node[1].Shape.Rank == 0)
        {
            return c.Add(node, inputs, without: without);
        }

        int rank = node[0].Shape.Rank, axis = node.Int32("axis"), begin = axis < 0 ? axis + rank : axis;
        int missing = rank - begin - node[1].Shape.Rank;
        return c.Add(node, [inputs[0], WithTrailingAxes(c, inputs[1]!, missing)], without: without);
    }

    /// <summary>Before set 7, a PRelu slope of shape [C] meant one slope per channel of [N, C, H, W].</summary>
    public static IReadOnlyList<Value> SlopePerChannel(OpsetConversion c, Node node, Value?[] inputs)
    {
        bool isPerChannel = node[1].Shape is { Rank: 1 } shape && shape[0] != 1;
        var slope = isPerChannel ? WithTrailingAxes(c, inputs[1]!, node[0].Shape.Rank - 2) : inputs[1];
        return c.Add(node, [inputs[0], slope], without: [Consumed]);
    }

    /// <summary>Before set 6, the target type of a Cast was a text, such as FLOAT.</summary>
    public static long CastType(Node node) => node.Attributes.GetValueOrDefault("to") switch
    {
        long number => number,
        string name when Enum.TryParse<ElementType>(name, ignoreCase: true, out var type) => (long)type,
        _ => (long)ElementType.Float,
    };

    private static Value WithTrailingAxes(OpsetConversion c, Value x, int count)
    {
        long[] axes = [.. Enumerable.Range(x.Shape.Rank, Math.Max(0, count)).Select(axis => (long)axis)];
        return axes.Length == 0 ? x : c.Target.Apply("Unsqueeze", [x, c.Target.Constant(Tensor.Of(axes))]);
    }
}
