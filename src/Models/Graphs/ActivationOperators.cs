using static Fovea.Models.Graphs.CommonGradients;
using static Fovea.Models.Graphs.OtherForm;

namespace Fovea.Models.Graphs;

/// <summary>
/// The rows of the operator table for activations. A summary table shows an elementwise activation in the row of the layer before it.
/// </summary>
internal static class ActivationOperators
{
    public static readonly Operator[] Rows =
    [
        // Piecewise linear activations
        Elementwise("Relu", (g, y, dY) => [dY * Positive(g, y.Output)]) with
        {
            LayerName = "ReLU", Traits = Traits.JoinsLayer | Traits.Elementwise | Traits.KeepsOrder,
        },
        Elementwise("LeakyRelu", (g, y, dY) => [dY * Between(g, y[0], y.Float("alpha", 0.01f), 1)]) with
        {
            Attributes = [("alpha", 0.01f)],
        },
        Elementwise("PRelu", (g, y, dY) => [g.Where(g.Greater(y[0], g.Scalar(0)), dY, dY * y[1]), dY * g.Min(y[0], g.Scalar(0))]) with
        {
            OtherForms = [Before(7, OlderForms.SlopePerChannel)],
        },
        Elementwise("Clip", (g, y, dY) => [dY * g.Mask(g.Equal(y[0], y.Output)), .. Nothing(y.Inputs.Count - 1)]) with
        {
            Traits = Traits.JoinsLayer | Traits.Elementwise | Traits.KeepsOrder | Traits.KeepsRange,
            OtherForms = [Before(11, OlderForms.AttributesToInputs("min", "max"))],
        },
        Elementwise("HardSigmoid", (g, y, dY) => [dY * (InsideUnit(g, y.Output) * y.Float("alpha", 0.2f))]) with
        {
            Attributes = [("alpha", 0.2f), ("beta", 0.5f)],
        },
        Elementwise("HardSwish", HardSwish),

        // Smooth activations
        Elementwise("Sigmoid", (g, y, dY) => [dY * (y.Output - y.Output * y.Output)]) with
        {
            Traits = Traits.JoinsLayer | Traits.Elementwise | Traits.KeepsOrder,
        },
        Elementwise("Tanh", (g, y, dY) => [dY - dY * y.Output * y.Output]),
        Elementwise("Elu", (g, y, dY) => [dY * ExponentialUnit(g, y, y.Float("alpha", 1), 1)]) with { Attributes = [("alpha", 1f)] },
        Elementwise("Selu", Selu),
        Elementwise("Softplus", (g, y, dY) => [dY * g.Sigmoid(y[0])]),
        Elementwise("Celu", Celu) with { Attributes = [("alpha", 1f)] },
        Elementwise("Softsign", Softsign),

        // Activations that operator set 17 lacks: conversion replaces them by several operators that have gradients.
        new("Gelu")
        {
            Kind = LayerKind.Activation,
            Traits = Traits.JoinsLayer | Traits.AlsoOfOnnxRuntime,
            OtherForms = [Always(NewerForms.Gelu)],
        },
        new("Swish")
        {
            // Swish(x) = x sigmoid(alpha x)
            OtherForms =
            [
                Always((c, node, x) =>
                    c.Add(node, [x[0], c.Target.Sigmoid(x[0]! * node.Float("alpha", 1))], "Mul", without: ["alpha"])),
            ],
        },
        Elementwise("Mish") with
        {
            // Mish(x) = x tanh(log(1 + e^x))
            OtherForms =
            [
                Always((c, node, x) =>
                    c.Add(node, [x[0], c.Target.Apply("Tanh", [c.Target.Apply("Softplus", [x[0]])])], "Mul")),
            ],
        },

        // Softmax and its logarithm
        new("Softmax", ShapeRules.SameAsInput, Softmax)
        {
            Kind = LayerKind.Activation,
            Traits = Traits.KeepsOrder | Traits.NeedsFullPrecision,
            OtherForms = [Before(13, OlderForms.SoftmaxOverFlattenedAxes)],
        },
        new(
            "LogSoftmax",
            ShapeRules.SameAsInput,
            (g, y, dY) => [dY - g.Exp(y.Output) * g.ReduceSum(dY, [y.Int32("axis", -1)], keep: true)])
        {
            Traits = Traits.KeepsOrder | Traits.NeedsFullPrecision,
            OtherForms = [Before(13, OlderForms.SoftmaxOverFlattenedAxes)],
        },

        // Operators with neither a shape rule nor a gradient rule
        .. Operator.WithoutRules("Shrink", "ThresholdedRelu"),
    ];

    private static Operator Elementwise(string name, GradientRule? gradient = null) => new(name, ShapeRules.SameAsInput, gradient)
    {
        Kind = LayerKind.Activation,
        Traits = Traits.JoinsLayer | Traits.Elementwise,
    };

    // Y = X S with S = HardSigmoid(X) = clip(X/6 + 1/2, 0, 1). Where 0 < S < 1: dY/dX = S + X/6 = S + (S - 1/2). Elsewhere dY/dX = S, which
    // is 0 or 1.
    private static Value?[] HardSwish(Graph g, Node y, Value dY)
    {
        var s = g.Apply("HardSigmoid", [y[0]], ("alpha", 1 / 6f), ("beta", 0.5f));
        return [dY * (s + InsideUnit(g, s) * (s + -0.5f))];
    }

    private static Value?[] Selu(Graph g, Node y, Value dY)
    {
        float alpha = y.Float("alpha", 1.6732632f), gamma = y.Float("gamma", 1.0507010f);
        return [dY * ExponentialUnit(g, y, alpha * gamma, gamma)];
    }

    // The derivative of Elu and Selu. Where X > 0, Y = scale X, and the derivative is scale. Elsewhere, Y = shift (e^X - 1), and the
    // derivative is Y + shift.
    private static Value ExponentialUnit(Graph g, Node y, float shift, float scale) =>
        g.Min(y.Output, g.Scalar(0)) + Between(g, y[0], shift, scale);

    // Where X > 0, Y = X, and the derivative is 1. Elsewhere, Y = alpha (e^(X / alpha) - 1), and the derivative is e^(X / alpha) =
    // Y / alpha + 1.
    private static Value?[] Celu(Graph g, Node y, Value dY) => [dY * (g.Min(y.Output, g.Scalar(0)) * (1 / y.Float("alpha", 1)) + 1)];

    // Y = X / (1 + |X|): dX = dY / (1 + |X|)^2.
    private static Value?[] Softsign(Graph g, Node y, Value dY)
    {
        var divisor = g.Apply("Abs", [y[0]]) + 1;
        return [dY / divisor / divisor];
    }

    // Y = softmax(X): dX = Y (dY - sum(dY Y)), the sum along the axis.
    private static Value?[] Softmax(Graph g, Node y, Value dY)
    {
        var weighted = dY * y.Output;
        return [weighted - y.Output * g.ReduceSum(weighted, [y.Int32("axis", -1)], keep: true)];
    }
}
