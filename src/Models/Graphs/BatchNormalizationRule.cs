namespace Fovea.Models.Graphs;

// Y = gamma z + beta, z = (X - mean) r, r = 1 / sqrt(variance + epsilon). All sums are over N, H and W; a channel has m elements.
// dbeta = sum dY;  dgamma = sum(dY z) = r (sum(dY X) - mean sum dY)
// With running statistics: dX = gamma r dY.
// With the batch's own statistics: dX = gamma r (dY - dbeta / m - z dgamma / m). The rule adds a placeholder operator for these gradients:
// on CPUs, one operator of Fovea's own computes them in two passes.
internal static class BatchNormalizationRule
{
    /// <summary>The gradient rule of BatchNormalization; the running statistics have no gradient.</summary>
    public static Value?[] Gradient(Graph g, Node y, Value dY)
    {
        Value x = y[0], gamma = y[1];
        float epsilon = y.Float("epsilon", 1e-5f);
        if (y.Int("training_mode") != 0)
        {
            return
            [
                .. g.Apply(
                    Placeholders.Domain, Placeholders.BatchNormGradient, [x, gamma, y[2], y.Outputs[1], y.Outputs[2], dY],
                    [x.Shape, gamma.Shape, gamma.Shape], ("epsilon", epsilon)),
                null,
                null,
            ];
        }

        int[] others = [.. Enumerable.Range(0, x.Shape.Rank).Where(axis => axis != 1)];
        var each = new Shape([.. Enumerable.Range(0, x.Shape.Rank - 1).Select(axis => axis == 0 ? x.Shape[1] : 1)]);
        var r = g.Apply("Reciprocal", [g.Sqrt(y[4] + epsilon)]);
        var shift = g.ReduceSum(dY, others);
        var scale = (g.ReduceSum(dY * x, others) - y[3] * shift) * r;
        return [dY * g.Reshape(gamma * r, each), scale, shift, null, null];
    }
}
