namespace Fovea.Models.Graphs;

// Y = gamma z + beta, z = (X - mean) r, r = 1 / sqrt(variance + epsilon). Mean and variance are over some axes of each image.
// dX = r (dZ - mean(dZ) - z mean(dZ z)) with dZ = gamma dY and means over the same axes;  dgamma = sum(dY z);  dbeta = sum dY.
internal static class NormalizationRule
{
    /// <summary>
    /// The gradient rule of LayerNormalization, which normalizes over the last axes. gamma and beta have the shape of these axes.
    /// </summary>
    public static Value?[] Layer(Graph g, Node y, Value dY)
    {
        int rank = y[0].Shape.Rank, axis = y.Int32("axis", -1);
        axis = axis < 0 ? axis + rank : axis;

        // With gamma = 1 and beta = 0, the operator itself returns z and r in one pass on all threads.
        var each = new Shape([.. y[0].Shape.Dimensions[axis..]]);
        Value ones = g.Constant(Tensor.Drawn(each, one => one.Fill(1))), zeros = g.Constant(Tensor.Drawn(each, zero => zero.Clear()));
        var (z, r) = g.LayerNormalization(y[0], ones, zeros, axis, y.Float("epsilon", 1e-5f));
        return [Gradient(g, dY * y[1], z, r, [.. Enumerable.Range(axis, rank - axis)]), dY * z, .. y.Inputs.Skip(2).Select(_ => dY)];
    }

    /// <summary>
    /// The gradient rule of InstanceNormalization, which normalizes each channel of each image. gamma and beta have shape [C].
    /// </summary>
    public static Value?[] Instance(Graph g, Node y, Value dY)
    {
        int rank = y[0].Shape.Rank;
        int[] spatial = [.. Enumerable.Range(2, rank - 2)], allButChannels = [0, .. spatial];
        var gamma = g.Reshape(y[1], new Shape([y[1].Shape[0], .. spatial.Select(_ => 1)]));
        var centred = y[0] - g.ReduceMean(y[0], spatial, keep: true);
        var variance = g.ReduceMean(centred * centred, spatial, keep: true);
        var r = g.Apply("Reciprocal", [g.Sqrt(variance + y.Float("epsilon", 1e-5f))]);
        var z = centred * r;
        return [Gradient(g, dY * gamma, z, r, spatial), g.ReduceSum(dY * z, allButChannels), g.ReduceSum(dY, allButChannels)];
    }

    // The gradient dX of a normalisation whose mean and variance are over these axes.
    private static Value Gradient(Graph g, Value dZ, Value z, Value r, int[] axes)
    {
        Value Mean(Value value) => g.ReduceMean(value, axes, keep: true);
        return (dZ - Mean(dZ) - z * Mean(dZ * z)) * r;
    }
}
