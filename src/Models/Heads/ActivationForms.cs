using Fovea.Models.Graphs;

namespace Fovea.Models.Heads;

// softmax(x) = e^x / sum(e^x);  log-softmax(x) = x - log(sum(e^x));  sigmoid(x) = 1 / (1 + e^-x) = e^x / (e^x + 1) = (tanh(x/2) + 1) / 2.
// Exporters may write x - max(x) instead of x, against overflow, and may clip a sum or add a small number to it, against division by zero.
/// <summary>Recognises activations that an exporter wrote as several basic operators, such as Exp, ReduceSum and Div.</summary>
internal static class ActivationForms
{
    private const float MostEpsilon = 1e-3f;

    /// <summary>The value v if the node computes v / sum(v); <c>null</c> for other nodes.</summary>
    public static Value? SharedParts(Node node) => node.Op switch
    {
        "Div" when IsSumOf(node[1], node[0]) => node[0],
        "Mul" when IsInverseSumOf(node[1], node[0]) => node[0],
        "Mul" when IsInverseSumOf(node[0], node[1]) => node[1],
        "LpNormalization" when node.Int("p", 2) == 1 => node[0],
        _ => null,
    };

    /// <summary>The x if the value is e^x or e^(x - max(x)); <c>null</c> for other values.</summary>
    public static Value? ExponentOf(Value value) => Unviewed(value).Producer switch
    {
        { Op: "Exp", Domain: "" } exp => WithoutMaximum(exp[0]),
        { Op: "Pow", Domain: "" } power when Number(power[0]) is { } b && MathF.Abs(b - MathF.E) < MostEpsilon => WithoutMaximum(power[1]),
        _ => null,
    };

    /// <summary>The x if the node computes log-softmax(x); <c>null</c> for other nodes.</summary>
    public static Value? LogSoftmaxOf(Node node) => node.Op != "Sub" ? null : Unviewed(node[1]).Producer switch
    {
        { Op: "ReduceLogSumExp" } sum when sum[0] == node[0] => WithoutMaximum(node[0]),
        { Op: "Log" } log when Unviewed(WithoutEpsilon(log[0])).Producer is { Op: "ReduceSum" } sum
            && Unviewed(sum[0]).Producer is { Op: "Exp" } exp && exp[0] == node[0] => WithoutMaximum(node[0]),
        _ => null,
    };

    /// <summary>The x if the node computes sigmoid(x); <c>null</c> for other nodes.</summary>
    public static Value? SigmoidOf(Node node) => node.Op switch
    {
        "Div" when Number(node[0]) == 1 => OnePlusExpOfMinus(node[1]),
        "Div" when ExponentOf(node[0]) is { } x && OneAnd(node[1], "Add") is { } e && Unviewed(e) == Unviewed(node[0]) => x,
        "Reciprocal" => OnePlusExpOfMinus(node[0]),
        "Pow" when Number(node[1]) == -1 => OnePlusExpOfMinus(node[0]),
        _ => null,
    };

    /// <summary>
    /// The sigmoid that a node computes by tanh: c (tanh(x) + 1) or c (1 - tanh(x)), which is 2c times the sigmoid of 2x or of -2x.
    /// </summary>
    /// <returns>
    /// The input x of tanh; the z for which the node computes exactly the sigmoid of z, <c>null</c> if there is none; and 2c, the factor
    /// of the sigmoid. <c>null</c> for other nodes.
    /// </returns>
    public static (Value X, Value? Z, float Total)? SigmoidByTanh(Node node)
    {
        var (tanh, factor, shift) = Affine(node.Output);
        return tanh.Producer is { Op: "Tanh", Domain: "" } found && factor != 0
            && MathF.Abs(MathF.Abs(factor) - shift) <= MostEpsilon * shift
                ? (found[0], HalvedIn(found[0], MathF.Sign(factor)), 2 * shift)
                : null;
    }

    // The value z nearest to x for which x = sign * z / 2; null if there is none. The nearest one, because z may itself be the product of
    // other logits and a temperature.
    private static Value? HalvedIn(Value x, int sign)
    {
        var (z, factor, shift) = (x, 1f, 0f);
        while (shift != 0 || MathF.Abs((2 * factor * sign) - 1) >= MostEpsilon)
        {
            if (Step(z) is not { } step)
            {
                return null;
            }

            (z, factor, shift) = (step.Value, factor * step.Factor, shift + (factor * step.Shift));
        }

        return z;
    }

    /// <summary>The value v, the factor a and the shift b if a value is a v + b; otherwise the value itself, 1 and 0.</summary>
    public static (Value Value, float Factor, float Shift) Affine(Value value)
    {
        float factor = 1, shift = 0;
        while (Step(value) is { } step)
        {
            (value, factor, shift) = (step.Value, factor * step.Factor, shift + (factor * step.Shift));
        }

        return (value, factor, shift);
    }

    // The value v, the factor a and the shift b if one node computes a v + b; null for other nodes.
    private static (Value Value, float Factor, float Shift)? Step(Value value)
    {
        if (value.Producer is not { Domain: "" } node)
        {
            return null;
        }

        float? first = node.Inputs.Count == 2 ? Number(node[0]) : null, second = node.Inputs.Count == 2 ? Number(node[1]) : null;
        return (node.Op, first, second) switch
        {
            ("Add", { } number, _) => (node[1], 1, number),
            ("Add", _, { } number) => (node[0], 1, number),
            ("Sub", { } number, _) => (node[1], -1, number),
            ("Sub", _, { } number) => (node[0], 1, -number),
            ("Mul", { } number, _) => (node[1], number, 0),
            ("Mul", _, { } number) => (node[0], number, 0),
            ("Div", _, { } number) when number != 0 => (node[0], 1 / number, 0),
            ("Neg", _, _) => (node[0], -1, 0),
            ("Identity", _, _) => (node[0], 1, 0),
            _ => null,
        };
    }

    /// <summary>The p if the value is 1 - p; <c>null</c> for other values.</summary>
    public static Value? ComplementOf(Value value) =>
        value.Producer is { Op: "Sub", Domain: "" } sub && Number(sub[0]) == 1 ? sub[1] : null;

    /// <summary>The value without the addition of a small number, or without the clipping, that guards against division by zero.</summary>
    public static Value WithoutEpsilon(Value value) => value.Producer switch
    {
        { Op: "Clip", Domain: "" } clip => clip[0],
        { Op: "Add" or "Max", Domain: "", Inputs.Count: 2 } add when Number(add[1]) is >= 0 and < MostEpsilon => add[0],
        { Op: "Add" or "Max", Domain: "", Inputs.Count: 2 } add when Number(add[0]) is >= 0 and < MostEpsilon => add[1],
        _ => value,
    };

    /// <summary>The number that every element of a constant equals; <c>null</c> if the value is not such a constant.</summary>
    public static float? Number(Value value) =>
        value.Constant is { Type: ElementType.Float, Shape.Size: > 0 and < 1 << 16 } constant
        && !constant.Floats.ContainsAnyExcept(constant.Floats[0])
            ? constant.Floats[0]
            : null;

    private static Value WithoutMaximum(Value x) =>
        x.Producer is { Op: "Sub", Domain: "" } sub && Unviewed(sub[1]).Producer is { Op: "ReduceMax" } max && max[0] == sub[0]
            ? sub[0]
            : x;

    private static bool IsSumOf(Value sum, Value parts) =>
        Unviewed(WithoutEpsilon(Unviewed(sum))).Producer is { Op: "ReduceSum" or "ReduceL1", Domain: "" } node
        && Unviewed(node[0]) == Unviewed(parts);

    private static bool IsInverseSumOf(Value inverse, Value parts) => Unviewed(inverse).Producer switch
    {
        { Op: "Reciprocal", Domain: "" } reciprocal => IsSumOf(reciprocal[0], parts),
        { Op: "Pow", Domain: "" } power => Number(power[1]) == -1 && IsSumOf(power[0], parts),
        { Op: "Div", Domain: "" } division => Number(division[0]) == 1 && IsSumOf(division[1], parts),
        _ => false,
    };

    private static Value? OnePlusExpOfMinus(Value value) =>
        OneAnd(value, "Add")?.Producer is { Op: "Exp", Domain: "" } exp && exp[0].Producer is { Domain: "" } minus
            ? minus.Op switch
            {
                "Neg" => minus[0],
                "Sub" when Number(minus[0]) == 0 => minus[1],
                "Mul" => With(minus, -1),
                "Div" when Number(minus[1]) == -1 => minus[0],
                _ => null,
            }
            : null;

    private static Value? OneAnd(Value value, string op) => value.Producer is { Domain: "" } node && node.Op == op ? With(node, 1) : null;

    // The other operand of a node that has this number as one operand; null if neither operand is the number.
    private static Value? With(Node node, float number) =>
        Number(node[1]) == number ? node[0] : Number(node[0]) == number ? node[1] : null;

    private static Value Unviewed(Value value)
    {
        while (value.Producer is { Op: "Expand" or "Identity" or "Unsqueeze" or "Squeeze" or "Reshape", Domain: "" } view)
        {
            value = view[0];
        }

        return value;
    }
}
