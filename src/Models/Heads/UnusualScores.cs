using Fovea.Models.Graphs;

namespace Fovea.Models.Heads;

/// <summary>
/// Recognises outputs that are seldom logits: numbers of a limited range, such as those of tanh, and numbers that are never negative, such
/// as distances, of which the smallest may be the likeliest class.
/// </summary>
internal static class UnusualScores
{
    private static readonly string[] Views =
        ["Reshape", "Squeeze", "Unsqueeze", "Flatten", "Identity", "Cast", "Transpose", "Dropout", "Slice", "Gather"];

    private static readonly string[] Limited = ["Tanh", "Softsign", "Erf", "Sin", "Cos", "Sign"];

    // Their negatives are usual: prototype networks output minus the distance.
    private static readonly string[] NeverNegative =
        ["Sqrt", "ReduceL1", "ReduceL2", "ReduceSumSquare", "Abs", "Softplus", "Exp", "Reciprocal"];

    /// <summary>The last node that computes such outputs; <c>null</c> for other outputs. A ReLU is a usual last node.</summary>
    public static Node? Before(Value output)
    {
        var (value, isNegative) = (output, false);
        while (true)
        {
            (value, float factor, _) = ActivationForms.Affine(value);
            isNegative ^= factor < 0;
            if (value.Producer is not { Domain: "" } node)
            {
                return null;
            }

            if (!Views.Contains(node.Op))
            {
                // minus softplus(-x) is the logarithm of a sigmoid, and 1 - e^(-softplus(x)) is the sigmoid.
                return Limited.Contains(node.Op) || (isNegative ? node.Op is "Softplus" or "Exp" : IsNeverNegative(node)) ? node : null;
            }

            value = node[0];
        }
    }

    private static bool IsNeverNegative(Node node) => NeverNegative.Contains(node.Op)
        || node.Op == "Pow" && NonNegative.Is(node.Output)
        || node.Op is "ReduceSum" or "ReduceMean" && node[0].Producer is { Domain: "" } part
            && (part.Op is "Pow" or "Abs" or "Sqrt" || part is { Op: "Mul", Inputs: [{ } x, { } same] } && x == same)
            && NonNegative.Is(node[0]);
}
