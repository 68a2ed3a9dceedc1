using Fovea.Models;

namespace Fovea.Training;

// Y = gamma z + beta, z = (X - mean) r, r = 1 / sqrt(variance + epsilon). Mean and variance are over some axes of each image.
// dX = r (dZ - mean(dZ) - z mean(dZ z)) with dZ = gamma dY and means over the same axes;  dgamma = sum(dY z);  dbeta = sum dY.
internal static class NormalizationRule
{
    /// <summary>
    /// The gradient rule of LayerNormalization, which normalizes over the last axes. gamma and beta have the shape of these axes.
    /// </summary>
    public static Value?[] Layer(Graph g, Node y, Value dY)
    {
        int rank = y[0].Shape.Rank, axis = (int)y.Int("axis", -1);
        axis = axis < 0 ? axis + rank : axis;
        var (dX, z) = Normalized(g, y, dY * y[1], [.. Enumerable.Range(axis, rank - axis)]);
        return [dX, dY * z, .. y.Inputs.Skip(2).Select(_ => dY)];
    }

    /// <summary>
    /// The gradient rule of InstanceNormalization, which normalizes each channel of each image. gamma and beta have shape [C].
    /// </summary>
    public static Value?[] Instance(Graph g, Node y, Value dY)
    {
        int rank = y[0].Shape.Rank;
        int[] spatial = [.. Enumerable.Range(2, rank - 2)], allButChannels = [0, .. spatial];
        var gamma = g.Reshape(y[1], new Shape([y[1].Shape[0], .. spatial.Select(_ => 1)]));
        var (dX, z) = Normalized(g, y, dY * gamma, spatial);
        return [dX, g.ReduceSum(dY * z, allButChannels), g.ReduceSum(dY, allButChannels)];
    }

    private static (Value DX, Value Z) Normalized(Graph g, Node y, Value dZ, int[] axes)
    {
        Value Mean(Value value) => g.ReduceMean(value, axes, keep: true);
        var centred = y[0] - Mean(y[0]);
        var r = g.Apply("Reciprocal", [g.Sqrt(Mean(centred * centred) + y.Float("epsilon", 1e-5f))]);
        var z = centred * r;
        return ((dZ - Mean(dZ) - z * Mean(dZ * z)) * r, z);
    }
}
