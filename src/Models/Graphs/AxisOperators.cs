using static Fovea.Models.Graphs.CommonGradients;
using static Fovea.Models.Graphs.OtherForm;

namespace Fovea.Models.Graphs;

/// <summary>The rows of the operator table for operators that change the shape or the order of axes.</summary>
internal static class AxisOperators
{
    public static readonly Operator[] Rows =
    [
        new("Identity", ShapeRules.SameAsInput, (g, y, dY) => [dY])
        {
            Kind = LayerKind.Form,
            Traits = Traits.View | Traits.Elementwise | Traits.KeepsRange,
            Elements = PartialValues.Same,
        },

        // In inference, dropout changes nothing.
        new("Dropout", ShapeRules.SameAsInput, (g, y, dY) => [dY, .. Nothing(y.Inputs.Count - 1)])
        {
            Kind = LayerKind.Form,
            Traits = Traits.SameElements | Traits.SameNumbers | Traits.Elementwise,
            OtherForms = [Before(12, OlderForms.AttributesToInputs("ratio"))],
        },
        new("Reshape", AxisShapes.Reshape, Reshaped)
        {
            Kind = LayerKind.Form,
            Traits = Traits.View | Traits.KeepsRange,
            Footprint = Footprint.Reshaped,
            Elements = PartialValues.Same,
            OtherForms = [Before(5, OlderForms.AttributesToInputs("shape"))],
        },
        new("Flatten", AxisShapes.Flatten, Reshaped) { Kind = LayerKind.Form, Traits = Traits.View },
        new("Squeeze", AxisShapes.Squeeze, Reshaped)
        {
            Kind = LayerKind.Form,
            Traits = Traits.View | Traits.KeepsRange,
            Elements = PartialValues.Same,
            OtherForms = [Before(13, OlderForms.AttributesToInputs("axes"))],
        },
        new("Unsqueeze", AxisShapes.Unsqueeze, Reshaped)
        {
            Kind = LayerKind.Form,
            Traits = Traits.View | Traits.KeepsRange,
            Elements = PartialValues.Same,
            OtherForms = [Before(13, OlderForms.AttributesToInputs("axes"))],
        },
        new("Transpose", AxisShapes.Transpose, Transpose)
        {
            LayerName = "Permute",
            Kind = LayerKind.Form,
            Traits = Traits.SameNumbers | Traits.WeightForm | Traits.KeepsRange,
            Elements = PartialValues.Transposed,
        },
        new("Expand", ShapeRules.Expand, (g, y, dY) => [dY, null]) { Traits = Traits.WeightForm },
    ];

    private static Value?[] Transpose(Graph g, Node y, Value dY)
    {
        var order = y.Ints("perm", [.. Enumerable.Range(0, y[0].Shape.Rank).Reverse()]);
        return [g.Transpose(dY, [.. Enumerable.Range(0, order.Length).Select(axis => Array.IndexOf(order, axis))])];
    }
}
