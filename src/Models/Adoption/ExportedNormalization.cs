using Fovea.Models.Graphs;

namespace Fovea.Models.Adoption;

// Y = X / (k + alpha/size (the sum of X^2 over size neighbouring channels))^beta, which PyTorch's exporter writes as
// Div(X, Pow(Add(Mul(AveragePool(Pad(X^2)), alpha), k), beta)). An Unsqueeze before the pool makes the channels an axis to pool over.

/// <summary>
/// Recognises local response normalisation, which PyTorch exports as a dozen nodes. Replaces those nodes by one LRN if the number of
/// neighbouring channels is odd, and otherwise by a pool over two axes. Both forms have gradients.
/// </summary>
internal static class ExportedNormalization
{
    private static readonly string[] Views = ["Reshape", "Squeeze", "Unsqueeze", "Identity", "Pad"];

    public static void Run(AdoptionDraft draft)
    {
        var found = draft.Graph.Nodes.Select(node => (node, Lrn: Match(node))).Where(m => m.Lrn is not null)
            .ToDictionary(m => m.node, m => m.Lrn!);
        if (found.Count == 0)
        {
            return;
        }

        var copy = new GraphCopy(draft.Graph);
        copy.CopyInputs();
        copy.CopyNodes((node, _) => found.TryGetValue(node, out var lrn) ? [Normalized(copy, node, lrn)] : null);
        draft.Change(copy.Finish(),
            $"{found.Count} local response normalisations, each exported as many operators, are written in a shorter form.");
    }

    private static Value Normalized(GraphCopy copy, Node node, Lrn lrn)
    {
        var (g, x) = (copy.Target, copy[lrn.X]);
        if (lrn.Size % 2 != 0)
        {
            (string, object)[] attributes = [("alpha", lrn.Alpha), ("beta", lrn.Beta), ("bias", lrn.Bias), ("size", (long)lrn.Size)];
            return g.Add("LRN", [x], attributes, node.Name, outputs: node.Output.Name).Output;
        }

        // ONNX Runtime has LRN for odd sizes only. The mean over an even number of channels is a pool over [N, 1, C, H W].
        int channels = lrn.X.Shape[1];
        var window = new Window([lrn.Size, 1], [1, 1], [lrn.Size / 2, 0], [(lrn.Size - 1) / 2, 0], [1, 1]);
        var squares = g.Reshape(x * x, new Shape(0, 1, channels, -1));
        var means = g.Apply("Reshape", [g.AveragePool(squares, window, countPadding: true), g.Apply("Shape", [x])]);
        return g.Add("Div", [x, g.Pow((means * lrn.Alpha) + lrn.Bias, lrn.Beta)], name: node.Name, outputs: node.Output.Name).Output;
    }

    private static Lrn? Match(Node node)
    {
        if (node is not { Op: "Div", Domain: "" } || node[0] is not { Shape.Rank: 4 } x || x.Shape[1] <= 0
            || node[1].Producer is not { Op: "Pow" } pow || Number(pow[1]) is not { } beta
            || Operand(pow[0].Producer, "Add") is not { } add || Operand(add.Other.Producer, "Mul") is not { } mul
            || Skip(mul.Other)?.Producer is not { Op: "AveragePool" } pool
            || pool.Ints("kernel_shape") is not [> 1 and var size, 1, 1]
            || Skip(pool[0]) is not { Producer: { } square } || !IsSquareOf(square, x))
        {
            return null;
        }

        return new(x, size, mul.Number, beta, add.Number);
    }

    private static bool IsSquareOf(Node node, Value x) =>
        node is { Op: "Mul" } && node[0] == x && node[1] == x || node is { Op: "Pow" } && node[0] == x && Number(node[1]) == 2;

    // If one operand of the node is a constant number: the other operand, and the number. Null otherwise.
    private static (Value Other, float Number)? Operand(Node? node, string op) => node is null || node.Op != op ? null
        : Number(node[1]) is { } second ? (node[0], second)
        : Number(node[0]) is { } first ? (node[1], first)
        : null;

    private static float? Number(Value value) =>
        value.Constant is { Type: ElementType.Float, Shape.Size: 1 } number ? number.Floats[0] : null;

    private static Value? Skip(Value value)
    {
        while (value.Producer is { Domain: "" } view && Views.Contains(view.Op))
        {
            value = view[0];
        }

        return value;
    }

    private sealed record Lrn(Value X, int Size, float Alpha, float Beta, float Bias);
}
