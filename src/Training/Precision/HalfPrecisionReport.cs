using Fovea.Models.Graphs;
using Fovea.Models.Quantization;

namespace Fovea.Training.Precision;

/// <summary>The conversion of a network to 16-bit floats, in the form of <c>quantize --json</c>.</summary>
/// <param name="Operators">The number of operators that compute with 16-bit floats.</param>
/// <param name="FloatOperators">The operators that keep 32-bit floats, with the reason of each.</param>
/// <param name="Weights">The number of weights in 16 bits.</param>
/// <param name="SubnormalWeights">The number of weights below 2^-14, which have fewer bits than others.</param>
/// <param name="ZeroedWeights">The number of weights that became 0, because they are below 2^-25.</param>
internal sealed record HalfPrecisionReport(
    int Operators, IReadOnlyList<FloatOperator> FloatOperators, long Weights, long SubnormalWeights, long ZeroedWeights)
{
    /// <summary>Creates the report of a plan.</summary>
    public static HalfPrecisionReport Of(Graph network, HalfPrecisionPlan plan)
    {
        long weights = 0, subnormal = 0, zeroed = 0;
        foreach (var constant in network.Nodes.Where(plan.IsHalf).SelectMany(node => node.Inputs.OfType<Value>()).Distinct()
            .Where(value => value.Type == ElementType.Float).Select(value => value.Constant).OfType<Tensor>())
        {
            var small = HalfNumbers.CountSmall(constant);
            (weights, subnormal, zeroed) = (weights + constant.Shape.Size, subnormal + small.Subnormal, zeroed + small.Zeroed);
        }

        return new(
            plan.Count, [.. plan.Kept.Select(kept => new FloatOperator(kept.Key.Name, Text(kept.Value)))], weights, subnormal, zeroed);
    }

    private static string Text(FloatReason reason) => reason switch
    {
        FloatReason.Operator => "operator",
        FloatReason.Output => "output",
        FloatReason.LargeValues => "values above a quarter of 65504",
        FloatReason.SmallValues => "values below 2^-13",
        _ => "weights out of range",
    };
}

/// <summary>An operator that keeps 32-bit floats.</summary>
/// <param name="Name">The name of the node.</param>
/// <param name="Reason">The reason in a few words.</param>
internal sealed record FloatOperator(string Name, string Reason);
