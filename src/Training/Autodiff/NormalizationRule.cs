using Fovea.Models;

namespace Fovea.Training;

// Y = gamma z + beta, z = (X - mean) r, r = 1 / sqrt(variance + epsilon), mean and variance over some axes of each image.
// dX = r (dZ - mean(dZ) - z mean(dZ z)) with dZ = gamma dY, the means over the same axes;  dgamma = sum(dY z);  dbeta = sum dY.
internal static class NormalizationRule
{
    /// <summary>Over the last axes, whose shape gamma and beta have, so that they are broadcast.</summary>
    public static Value?[] Layer(Graph g, Node y, Value dY)
    {
        int rank = y[0].Shape.Rank, axis = (int)y.Int("axis", -1);
        axis = axis < 0 ? axis + rank : axis;
        var (dX, z) = Normalized(g, y, dY * y[1], [.. Enumerable.Range(axis, rank - axis)]);
        return [dX, dY * z, .. y.Inputs.Skip(2).Select(_ => dY)];
    }

    /// <summary>Over each channel, for which gamma and beta have one number.</summary>
    public static Value?[] Instance(Graph g, Node y, Value dY)
    {
        int rank = y[0].Shape.Rank;
        int[] image = [.. Enumerable.Range(2, rank - 2)], others = [0, .. image];
        var gamma = g.Reshape(y[1], new Shape([y[1].Shape[0], .. image.Select(_ => 1)]));
        var (dX, z) = Normalized(g, y, dY * gamma, image);
        return [dX, g.ReduceSum(dY * z, others), g.ReduceSum(dY, others)];
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
