namespace Fovea.Models.Graphs;

// Y = gamma z + beta, z = (X - mean) r, r = 1 / sqrt(variance + epsilon). All sums are over N, H and W; a channel has m elements.
// dbeta = sum dY;  dgamma = sum(dY z) = r (sum(dY X) - mean sum dY)
// With the batch's own statistics: dX = gamma r (dY - dbeta / m - z dgamma / m) = a dY + b X + c,
//     a = gamma r,  b = -a r dgamma / m,  c = -a dbeta / m - b mean.
// With running statistics: dX = a dY.
internal static class BatchNormalizationRule
{
    /// <summary>The gradient rule of BatchNormalization; the running statistics have no gradient.</summary>
    public static Value?[] Gradient(Graph g, Node y, Value dY)
    {
        Value x = y[0], gamma = y[1];
        bool training = y.Int("training_mode") != 0;
        var (mean, variance) = training ? (y.Outputs[1], y.Outputs[2]) : (y[3], y[4]);
        int channels = x.Shape[1];
        int[] others = [.. Enumerable.Range(0, x.Shape.Rank).Where(axis => axis != 1)];
        var each = new Shape([.. Enumerable.Range(0, x.Shape.Rank - 1).Select(axis => axis == 0 ? channels : 1)]);
        float count = x.Shape.Size / channels;

        var r = g.Apply("Reciprocal", [g.Sqrt(variance + y.Float("epsilon", 1e-5f))]);
        var shift = g.ReduceSum(dY, others);
        var scale = (g.ReduceSum(dY * x, others) - mean * shift) * r;
        var a = gamma * r;
        var dX = dY * g.Reshape(a, each);
        if (training)
        {
            var b = a * r * scale * (-1 / count);
            var c = a * shift * (-1 / count) - b * mean;
            dX += x * g.Reshape(b, each) + g.Reshape(c, each);
        }

        return [dX, scale, shift, null, null];
    }
}
