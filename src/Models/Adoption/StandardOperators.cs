using Fovea.Models.Graphs;

namespace Fovea.Models.Adoption;

// GroupNormalization: the channels of each of G groups are normalised together, y = (x - mean) / sqrt(variance + epsilon) scale + bias.
// RMSNormalization:   y = x / sqrt(mean(x^2) + epsilon) scale, over the axes from axis on.

/// <summary>
/// Replaces operators that only some runtimes support by older ONNX operators. It handles the fused layers in files that ONNX Runtime
/// optimised, the linear classifiers of scikit-learn and ML.NET, products written as Einsum, and the normalisations of new operator sets.
/// The replacements mean the same in all operator sets.
/// </summary>
internal static class StandardOperators
{
    public static void Run(AdoptionDraft draft)
    {
        var names = new SortedSet<string>(StringComparer.Ordinal);
        var copy = new GraphCopy(draft.Graph);
        copy.CopyInputs();
        copy.CopyNodes((node, inputs) =>
        {
            var standard = Standard(copy.Target, node, inputs);
            if (standard is not null)
            {
                names.Add(node.Op);
            }

            return standard is null ? null : [.. node.Outputs.Select(_ => standard)];
        });
        if (names.Count > 0)
        {
            draft.Change(copy.Finish(), $"Standard ONNX operators replace {string.Join(", ", names)}.");
        }
    }

    // The value that replaces the node's output; null if the node stays.
    private static Value? Standard(Graph g, Node node, Value?[] inputs) => (node.Domain, node.Op) switch
    {
        ("com.microsoft", "FusedConv") => FusedConv(g, node, inputs),
        ("com.microsoft", "FusedGemm") =>
            Activated(g, node, g.Apply("Gemm", inputs, Attributes(node, "alpha", "beta", "transA", "transB"))),
        ("com.microsoft", "FusedMatMul") => FusedMatMul(g, node, inputs),
        ("ai.onnx.ml", "LinearClassifier") => LinearClassifier(g, node, inputs[0]!),
        ("ai.onnx.ml", "Normalizer") when node.Text("norm", "MAX") is "L1" or "L2" =>
            g.Apply("LpNormalization", inputs, ("axis", 1L), ("p", node.Text("norm", "MAX") == "L1" ? 1L : 2L)),
        ("ai.onnx.ml", "Scaler") => (inputs[0]! - Row(g, node, "offset", 0)) * Row(g, node, "scale", 1),
        ("", "GroupNormalization") => GroupNormalization(g, node, inputs),
        ("", "Squeeze") when node.Given("axes", 1) is null or [] && node.Inputs.Count == 1 => Squeezed(g, node, inputs[0]!),
        ("", "Einsum") => EinsumForm.Product(g, node, inputs),
        ("", "RMSNormalization") when node.Int("axis", -1) == -1 => RootMeanSquare(g, node, inputs),
        _ => null,
    };

    // A Squeeze without axes removes the batch axis too if the batch is one image. Null if it cannot do so, or if FreeBatch removes it.
    private static Value? Squeezed(Graph g, Node node, Value x)
    {
        var shape = node[0].Shape;
        if (!shape.IsRanked || shape.Rank < 2 || shape.Dimensions[1..].Contains(Shape.Free)
            || !(shape[0] == Shape.Free || (shape.Dimensions.All(d => d == 1) && node.Output.Graph.Outputs.Contains(node.Output))))
        {
            return null;
        }

        long[] axes = [.. Enumerable.Range(1, shape.Rank - 1).Where(axis => shape[axis] == 1).Select(axis => (long)axis)];
        return axes is [] ? g.Apply("Identity", [x]) : EinsumSteps.WithAxes(g, "Squeeze", x, axes);
    }

    private static Value FusedConv(Graph g, Node node, Value?[] inputs)
    {
        (string, object)[] window = Attributes(node, "auto_pad", "dilations", "group", "kernel_shape", "pads", "strides");
        var y = g.Apply("Conv", inputs.AsSpan(0, Math.Min(3, inputs.Length)), window);
        return Activated(g, node, inputs.ElementAtOrDefault(3) is { } added ? y + added : y);
    }

    private static Value? FusedMatMul(Graph g, Node node, Value?[] inputs)
    {
        var a = node.Int("transA") != 0 ? Turned(g, inputs[0]!) : inputs[0];
        var b = node.Int("transB") != 0 ? Turned(g, inputs[1]!) : inputs[1];
        if (a is null || b is null || node.Int("transBatchA") != 0 || node.Int("transBatchB") != 0)
        {
            return null;
        }

        var y = g.MatMul(a, b);
        return node.Float("alpha", 1) is 1 ? y : y * node.Float("alpha", 1);
    }

    // Swaps the last two axes; null if the rank is unknown.
    private static Value? Turned(Graph g, Value x)
    {
        if (!x.Shape.IsRanked || x.Shape.Rank < 2)
        {
            return null;
        }

        int[] order = [.. Enumerable.Range(0, x.Shape.Rank)];
        (order[^1], order[^2]) = (order[^2], order[^1]);
        return g.Transpose(x, order);
    }

    // Applies the activation of a fused node. The attribute names are those that ONNX Runtime's optimiser writes.
    private static Value Activated(Graph g, Node node, Value x)
    {
        float[] numbers = node.Attributes.GetValueOrDefault("activation_params") as float[] ?? [];
        float alpha = numbers.ElementAtOrDefault(0), beta = numbers.ElementAtOrDefault(1);
        (alpha, beta) = (node.Float("activation_alpha", alpha), node.Float("activation_beta", beta));
        return node.Text("activation", "") switch
        {
            "" => x,
            "LeakyRelu" => g.Apply("LeakyRelu", [x], ("alpha", alpha)),
            "HardSigmoid" => g.Apply("HardSigmoid", [x], ("alpha", alpha), ("beta", beta)),
            "Clip" when g.OperatorSets[""] < 11 => g.Apply("Clip", [x], ("min", alpha), ("max", beta)),
            "Clip" => g.Apply("Clip", [x, g.Scalar(alpha), g.Scalar(beta)]),
            var name => g.Apply(name, [x]),
        };
    }

    // The coefficients have one row per class. A single row belongs to the second of two classes, and a sigmoid gives its probability.
    private static Value? LinearClassifier(Graph g, Node node, Value x)
    {
        var coefficients = node.Attributes.GetValueOrDefault("coefficients") as float[] ?? [];
        var intercepts = node.Attributes.GetValueOrDefault("intercepts") as float[] ?? [];
        int classes = intercepts.Length;
        var post = node.Text("post_transform", "NONE");
        if (classes == 0 || coefficients.Length % classes != 0 || post is not ("NONE" or "SOFTMAX" or "LOGISTIC"))
        {
            return null;
        }

        var weights = g.Constant(Tensor.Of(new Shape(classes, coefficients.Length / classes), coefficients));
        var z = g.Apply("Gemm", [x, weights, g.Constant(Tensor.Of(new Shape(classes), intercepts))], ("transB", 1L));
        return post switch
        {
            "SOFTMAX" => g.Apply("Softmax", [z], ("axis", 1L)),
            "LOGISTIC" when classes == 2 && IsOpposite(coefficients) && IsOpposite(intercepts) =>
                g.Apply("Softmax", [z * 0.5f], ("axis", 1L)),
            "LOGISTIC" => g.Sigmoid(z),
            _ => z,
        };
    }

    // Whether the second half of the numbers is the first half negated. Then the sigmoids of both classes add up to 1.
    private static bool IsOpposite(float[] rows) =>
        rows[..(rows.Length / 2)].Zip(rows[(rows.Length / 2)..]).All(pair => pair.First == -pair.Second);

    private static Value Row(Graph g, Node node, string attribute, float otherwise)
    {
        var numbers = node.Attributes.GetValueOrDefault(attribute) as float[] ?? [otherwise];
        return g.Constant(Tensor.Of(new Shape(1, numbers.Length), numbers));
    }

    private static Value? GroupNormalization(Graph g, Node node, Value?[] inputs)
    {
        var (x, scale, shift) = (inputs[0]!, inputs[1]!, inputs[2]!);
        int groups = node.Int32("num_groups", 1);
        if (x.Shape.Rank != 4 || x.Shape[1] <= 0 || !scale.Shape.IsKnown)
        {
            return null;
        }

        int channels = x.Shape[1];
        var ones = g.Constant(Tensor.Of(new Shape(groups), [.. Enumerable.Repeat(1f, groups)]));
        var zeros = g.Constant(Tensor.Of(new Shape(groups), new float[groups]));
        var rows = g.Reshape(x, new Shape(0, groups, -1));
        var normalized = g.Apply("InstanceNormalization", [rows, ones, zeros], ("epsilon", node.Float("epsilon", 1e-5f)));

        // Operator set 18 has one scale per group; later sets have one per channel.
        var shape = scale.Shape[0] == channels ? new Shape(0, channels, -1) : new Shape(0, groups, -1);
        var aligned = new Shape(scale.Shape[0], 1);
        var y = (g.Reshape(normalized, shape) * g.Reshape(scale, aligned)) + g.Reshape(shift, aligned);
        return g.Apply("Reshape", [y, g.Apply("Shape", [x])]);
    }

    private static Value RootMeanSquare(Graph g, Node node, Value?[] inputs)
    {
        var x = inputs[0]!;
        var mean = g.Apply("ReduceMean", [x * x, g.Constant(Tensor.Of(-1))]);
        return x / g.Sqrt(mean + node.Float("epsilon", 1e-5f)) * inputs[1]!;
    }

    private static (string, object)[] Attributes(Node node, params string[] names) =>
        [.. node.Attributes.Where(a => names.Contains(a.Key)).Select(a => (a.Key, a.Value))];
}
