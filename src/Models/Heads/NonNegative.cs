using Fovea.Models.Graphs;

namespace Fovea.Models.Heads;

/// <summary>Tells from the graph that a value is never negative.</summary>
internal static class NonNegative
{
    private const int MostDepth = 32;

    private static readonly string[] Always =
        ["Relu", "Softplus", "Abs", "Exp", "Sqrt", "Sigmoid", "HardSigmoid", "Softmax", "ReduceL1", "ReduceL2", "ReduceSumSquare"];

    // Operators that are not negative if all their inputs are not.
    private static readonly string[] Keeping =
        ["Add", "Sum", "Div", "ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "Mean", "Min", "Concat", "MaxPool", "GlobalAveragePool"];

    // Operators whose first input has the numbers.
    private static readonly string[] Views =
        ["Reshape", "Squeeze", "Unsqueeze", "Flatten", "Identity", "Cast", "Transpose", "Dropout", "Slice", "Gather", "Expand"];

    /// <summary>Whether no element can be negative. <c>false</c> if the graph does not show it.</summary>
    public static bool Is(Value value) => Is(value, 0, []);

    // A value may be the input of many nodes, and of one node twice, so its answer is kept in known. Without it, the time would double with
    // each such node.
    private static bool Is(Value value, int depth, Dictionary<Value, bool> known) =>
        known.TryGetValue(value, out bool answer) ? answer : known[value] = Find(value, depth, known);

    private static bool Find(Value value, int depth, Dictionary<Value, bool> known) =>
        value.Constant is { Type: ElementType.Float } constant ? !constant.Floats.ToArray().Any(number => !(number >= 0))
        : depth < MostDepth && value.Producer is { Domain: "" } node && (Always.Contains(node.Op) || node.Op switch
        {
            _ when Views.Contains(node.Op) => Is(node[0], depth + 1, known),
            _ when Keeping.Contains(node.Op) => node.Inputs.OfType<Value>().Where(IsNumber).All(input => Is(input, depth + 1, known)),
            "Mul" => node[0] == node[1] || (Is(node[0], depth + 1, known) && Is(node[1], depth + 1, known)),
            "Pow" => Is(node[0], depth + 1, known) || ActivationForms.Number(node[1]) is { } power && power % 2 == 0,
            "Max" => node.Inputs.OfType<Value>().Any(input => Is(input, depth + 1, known)),
            "Clip" => node.Inputs.ElementAtOrDefault(1) is { } least && ActivationForms.Number(least) >= 0,
            _ => false,
        });

    // The axes of a reduction are integers.
    private static bool IsNumber(Value value) => value.Type is not ElementType.Int64;
}
