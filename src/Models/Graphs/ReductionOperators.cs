using static Fovea.Models.Graphs.OtherForm;

namespace Fovea.Models.Graphs;

/// <summary>The rows of the operator table for operators that reduce axes to one number, such as a sum, or to an index.</summary>
internal static class ReductionOperators
{
    public static readonly Operator[] Rows =
    [
        Reduction("ReduceSum", (g, x, sum, dSum) => g.Expand(dSum, x.Shape)) with
        {
            Traits = Traits.NeedsFullPrecision,
            OtherForms = [Before(13, OlderForms.AttributesToInputs("axes"))],
        },
        Reduction("ReduceMean", (g, x, mean, dMean) => g.Expand(dMean * (dMean.Shape.Size / (float)x.Shape.Size), x.Shape)) with
        {
            Kind = LayerKind.Pool, Footprint = Footprint.ReducedImage,
        },
        Reduction("ReduceMax", Extremum) with { Footprint = Footprint.ReducedImage },
        Reduction("ReduceMin", Extremum),
        Sum("ReduceSumSquare", (g, x, sum, dSum) => x * (dSum * 2)),
        Sum("ReduceL1", (g, x, norm, dNorm) => g.Sign(x) * dNorm),
        Sum("ReduceL2", (g, x, norm, dNorm) => x * (dNorm / g.Max(norm, g.Scalar(CommonGradients.Tiny)))),
        Sum("ReduceLogSumExp", (g, x, log, dLog) => g.Exp(x - log) * dLog),
        Sum("ReduceLogSum"),
        Sum("ReduceProd"),
        new("ArgMax", ShapeRules.IndexOfExtremum, CommonGradients.None),
        new("ArgMin", ShapeRules.IndexOfExtremum, CommonGradients.None),
        new("CumSum", ShapeRules.SameAsInput, CumSum) { Traits = Traits.KeepsAxes | Traits.NeedsFullPrecision },

        // Operators with neither a shape rule nor a gradient rule
        .. Operator.WithoutRules("TopK"),
    ];

    // Computes dX from X, Y and dY. In Y and dY, the reduced axes have length 1.
    private delegate Value ReducedGradient(Graph g, Value x, Value y, Value dY);

    // Operator sets from 18 on pass the axes as an input.
    private static Operator Reduction(string name, ReducedGradient? gradient = null) =>
        new(name, ShapeRules.Reduction, gradient is null ? null : WithAxesKept(gradient))
        {
            OtherForms = [After(17, NewerForms.AxesToAttribute)],
        };

    private static Operator Sum(string name, ReducedGradient? gradient = null) =>
        Reduction(name, gradient) with { Traits = Traits.NeedsFullPrecision };

    private static GradientRule WithAxesKept(ReducedGradient gradient) => (g, y, dY) =>
    {
        var x = y[0];
        var kept = y.Output.Shape.Rank == x.Shape.Rank ? y.Output.Shape
            : y.Given("axes", input: 1) is [_, ..] axes ? axes.Aggregate(x.Shape, (shape, axis) => shape.With(axis, 1))
            : new Shape([.. x.Shape.Dimensions.Select(_ => 1)]);
        return [gradient(g, x, g.Reshape(y.Output, kept), g.Reshape(dY, kept)), .. CommonGradients.Nothing(y.Inputs.Count - 1)];
    };

    // Y[i] = sum of X[j] over all j <= i; with exclusive, over j < i; with reverse, over j >= i. dX[j] = sum of dY[i] over all i whose sum
    // contains X[j], which is a CumSum in the other direction.
    private static Value?[] CumSum(Graph g, Node y, Value dY) =>
        [g.Apply("CumSum", [dY, y[1]], ("exclusive", y.Int("exclusive")), ("reverse", 1 - y.Int("reverse"))), null];

    // The elements of X that equal the extremum share its gradient evenly.
    private static Value Extremum(Graph g, Value x, Value extremum, Value dExtremum)
    {
        var taken = g.Mask(g.Equal(x, extremum));
        int[] axes = [.. Enumerable.Range(0, x.Shape.Rank).Where(axis => extremum.Shape[axis] != x.Shape[axis])];
        return axes.Length == 0 ? dExtremum : taken * (dExtremum / g.ReduceSum(taken, axes, keep: true));
    }
}
