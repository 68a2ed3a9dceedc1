using static Fovea.Models.Graphs.OtherForm;

namespace Fovea.Models.Graphs;

/// <summary>The rows of the operator table for operators that join tensors or take parts of tensors.</summary>
internal static class PartOperators
{
    public static readonly Operator[] Rows =
    [
        new("Concat", AxisShapes.Concat, Concat)
        {
            LayerName = "Concatenate",
            Kind = LayerKind.Join,
            Traits = Traits.KeepsAxes | Traits.KeepsRange,
            Elements = PartialValues.Joined,
            Attributes = [("axis", 0L)],
            OtherForms = [Before(4, (c, node, x) => c.Add(node, x, without: ["axis"], with: ("axis", node.Int("axis", 1))))],
        },
        new("Split", AxisShapes.Split)
        {
            GradientOfOutputs = (g, y, dYs) =>
                [g.Concat(dYs, y.Int32("axis")), .. CommonGradients.Nothing(y.Inputs.Count - 1)],
            Kind = LayerKind.Form,
            Traits = Traits.KeepsAxes | Traits.KeepsRange,
            OtherForms = [Before(13, OlderForms.AttributesToInputs("split")), After(17, NewerForms.Split)],
        },
        new("Slice", AxisShapes.Slice, CuttingRules.Slice)
        {
            Kind = LayerKind.Form,
            Traits = Traits.KeepsAxes | Traits.KeepsRange,
            Elements = PartialValues.Sliced,
            OtherForms = [Before(10, OlderForms.AttributesToInputs("starts", "ends", "axes"))],
        },
        new("Gather", AxisShapes.Gather, CuttingRules.Gather)
        {
            Kind = LayerKind.Form, Traits = Traits.KeepsAxes | Traits.KeepsRange, Elements = PartialValues.Gathered,
        },
        new("ScatterElements", ShapeRules.SameAsInput),

        // Operators with neither a shape rule nor a gradient rule
        .. Operator.WithoutRules("GatherElements", "GatherND", "ScatterND", "Tile", "Trilu"),
    ];

    private static Value?[] Concat(Graph g, Node y, Value dY)
    {
        int axis = y.Int32("axis");
        return [.. g.Split(dY, [.. y.Inputs.Select((_, i) => y[i].Shape[axis])], axis)];
    }
}
