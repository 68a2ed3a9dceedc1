using static Fovea.Models.Graphs.OtherForm;

namespace Fovea.Models.Graphs;

/// <summary>
/// The rows of the operator table for arithmetic, comparisons and logic: operators that compute each element of the output separately.
/// </summary>
internal static class ElementwiseOperators
{
    public static readonly Operator[] Rows =
    [
        // Operators with one operand
        Unary("Neg", (g, y, dY) => [-dY]),
        Unary("Abs", (g, y, dY) => [dY * g.Sign(y[0])]),
        Unary("Reciprocal", (g, y, dY) => [-(dY * y.Output * y.Output)]),
        Unary("Sqrt", (g, y, dY) => [dY * 0.5f / y.Output]),
        Unary("Exp", (g, y, dY) => [dY * y.Output], Traits.NeedsFullPrecision),
        Unary("Log", (g, y, dY) => [dY / y[0]], Traits.NeedsFullPrecision),
        Unary("Erf", (g, y, dY) => [dY * g.Exp(-(y[0] * y[0])) * (2 / MathF.Sqrt(MathF.PI))]) with { Kind = LayerKind.Activation },
        Unary("Sign", CommonGradients.None),
        Unary("Ceil", CommonGradients.None),
        Unary("Floor", CommonGradients.None) with { Elements = PartialValues.Same },
        Unary("Round", CommonGradients.None),
        Unary("Not", CommonGradients.None),
        Unary("Cast", (g, y, dY) => [g.Cast(dY, y[0].Type)]) with
        {
            Shape = node => [node.Attributes.GetValueOrDefault("to") is string ? default : ((ElementType)node.Int32("to"), node[0].Shape)],
            Kind = LayerKind.Form,
            Traits = Traits.Elementwise | Traits.SameNumbers | Traits.WeightForm | Traits.KeepsRange,
            Elements = PartialValues.Cast,
            OtherForms =
            [
                Before(6, (c, node, x) => c.Add(node, x, without: ["to"], with: ("to", OlderForms.CastType(node)))),
                After(18, (c, node, x) => c.Add(node, x, without: ["saturate", "round_mode"])),
            ],
        },

        // Operators with several operands
        Arithmetic("Add", (g, y, dY) => [dY, dY]) with { Kind = LayerKind.Join, Elements = PartialValues.Pairwise((a, b) => a + b) },
        Arithmetic("Sub", (g, y, dY) => [dY, -dY]) with
        {
            LayerName = "Subtract", Kind = LayerKind.Join, Elements = PartialValues.Pairwise((a, b) => a - b),
        },
        Arithmetic("Mul", (g, y, dY) => [dY * y[1], dY * y[0]]) with
        {
            LayerName = "Multiply", Kind = LayerKind.Join, Elements = PartialValues.Pairwise((a, b) => a * b),
        },
        Arithmetic("Div", (g, y, dY) => [dY / y[1], -(dY * y.Output / y[1])]) with
        {
            Kind = LayerKind.Join, Elements = PartialValues.Quotient,
        },
        Arithmetic("Pow", Pow) with { Traits = Traits.Elementwise | Traits.NeedsFullPrecision },
        Broadcast("Max", Extremum) with { LayerName = "Maximum", Kind = LayerKind.Join },
        Broadcast("Min", Extremum) with { LayerName = "Minimum", Kind = LayerKind.Join },
        Broadcast("Sum", (g, y, dY) => [.. y.Inputs.Select(_ => dY)]),
        Broadcast("Mean", (g, y, dY) => [.. Enumerable.Repeat(dY * (1f / y.Inputs.Count), y.Inputs.Count)]),

        // Comparisons and logic
        Comparison("Equal") with { Elements = PartialValues.Pairwise((a, b) => a == b ? 1 : 0) },
        Comparison("Greater") with { Elements = PartialValues.Pairwise((a, b) => a > b ? 1 : 0) },
        Comparison("GreaterOrEqual") with { Elements = PartialValues.Pairwise((a, b) => a >= b ? 1 : 0) },
        Comparison("Less") with { Elements = PartialValues.Pairwise((a, b) => a < b ? 1 : 0) },
        Comparison("LessOrEqual") with { Elements = PartialValues.Pairwise((a, b) => a <= b ? 1 : 0) },
        Broadcast("And", CommonGradients.None),
        Broadcast("Or", CommonGradients.None),
        Broadcast("Xor", CommonGradients.None),
        new("Where", ShapeRules.Where, (g, y, dY) => [null, dY * g.Mask(y[0]), dY * g.Mask(g.Not(y[0]))])
        {
            Elements = PartialValues.Selected,
        },

        // Operators with neither a shape rule nor a gradient rule
        .. Operator.WithoutRules("CastLike", "Cos", "Mod", "Sin"),
        new("BitShift") { Traits = Traits.KeepsAxes },
    ];

    private static Operator Unary(string name, GradientRule gradient, Traits traits = Traits.None) =>
        new(name, ShapeRules.SameAsInput, gradient) { Traits = Traits.Elementwise | traits };

    private static Operator Broadcast(string name, GradientRule gradient) =>
        new(name, ShapeRules.Broadcast, gradient) { Traits = Traits.Elementwise };

    private static Operator Arithmetic(string name, GradientRule gradient) =>
        Broadcast(name, gradient) with { OtherForms = [Before(7, OlderForms.AlignedAtAxis)] };

    private static Operator Comparison(string name) =>
        new(name, ShapeRules.Comparison, CommonGradients.None) { Traits = Traits.Elementwise };

    // Y = A^B: dA = dY B A^(B-1), dB = dY Y log A. dB is 0 where A is 0.
    private static Value?[] Pow(Graph g, Node y, Value dY)
    {
        Value a = y[0], b = y[1];
        bool square = b.Constant is { Type: ElementType.Float, Shape.Size: 1 } exponent && exponent.Floats[0] == 2;
        return [dY * b * (square ? a : g.Pow(a, b + -1)), dY * y.Output * g.Log(g.Max(a, g.Scalar(CommonGradients.Tiny)))];
    }

    // Y = max(A, B, ...): the largest operand gets dY; equal operands share it evenly. The same for min.
    private static Value?[] Extremum(Graph g, Node y, Value dY)
    {
        Value[] taken = [.. y.Inputs.Select((_, i) => g.Mask(g.Equal(y[i], y.Output)))];
        var share = taken.Length == 1 ? dY : dY / taken.Aggregate((a, b) => a + b);
        return [.. taken.Select(mask => share * mask)];
    }
}
