using static Fovea.Models.Graphs.OtherForm;

namespace Fovea.Models.Graphs;

/// <summary>The rows of the operator table for constants, and for operators whose outputs depend only on shapes or indices.</summary>
internal static class ConstantOperators
{
    public static readonly Operator[] Rows =
    [
        new("Shape", node => [(ElementType.Int64, new Shape(PartialValues.ShapeOf(node).Length))], CommonGradients.None)
        {
            Elements = (node, _) => [.. PartialValues.ShapeOf(node).Select(d => d == Shape.Free ? (long?)null : d)],
        },
        new("Size", _ => [(ElementType.Int64, Shape.Scalar)])
        {
            Elements = (node, _) => node[0].Shape.IsKnown ? [node[0].Shape.Size] : null,
        },
        new("Constant", node => [PartialValues.Constant(node) is { } value ? (value.Type, value.Shape) : default])
        {
            // Constant nodes that hold the weights of a layer become initializers.
            OtherForms = [Always((c, node, _) => c.Weight(node.Output) is { } weight ? [weight] : null)],
        },
        new("ConstantOfShape", ShapeRules.ConstantOfShape, CommonGradients.None) { Elements = PartialValues.Filled },
        new("OneHot", AxisShapes.OneHot, CommonGradients.None),

        // Operators with neither a shape rule nor a gradient rule
        .. Operator.WithoutRules("NonZero", "Range"),
    ];
}
