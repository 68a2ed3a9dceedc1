using static Fovea.Models.Graphs.OtherForm;

namespace Fovea.Models.Graphs;

/// <summary>
/// The rows of the operator table for operators on quantised numbers. They have no gradients; adoption converts them to operators on
/// floats.
/// </summary>
internal static class QuantizedOperators
{
    public static readonly Operator[] Rows =
    [
        new("QuantizeLinear", node => [(node.Inputs.ElementAtOrDefault(2)?.Type ?? ElementType.UInt8, node[0].Shape)])
        {
            Traits = Traits.JoinsLayer | Traits.Elementwise, OtherForms = [After(17, NewerForms.Quantization)],
        },
        new("DequantizeLinear", node => [(node[1].Type, node[0].Shape)])
        {
            Traits = Traits.JoinsLayer | Traits.Elementwise | Traits.WeightForm, OtherForms = [After(17, NewerForms.Quantization)],
        },
        new("DynamicQuantizeLinear") { Traits = Traits.KeepsAxes | Traits.SameInAllSets },
        new("QLinearConv", SpatialShapes.QuantizedConv) { Traits = Traits.ChannelsFirst },
        new("QLinearMatMul", node => [(node[7].Type, ShapeRules.MatMul(node[0].Shape, node[3].Shape))]),
        new("ConvInteger") { Traits = Traits.ChannelsFirst | Traits.SameInAllSets },
        new("MatMulInteger") { Traits = Traits.SameInAllSets },
    ];
}
