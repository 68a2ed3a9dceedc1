using System.Numerics.Tensors;
using Fovea.Models.Runtime;

namespace Fovea.Training.Steps;

/// <summary>Accumulates gradients in main memory.</summary>
internal sealed class VectorAccumulator : GradientAccumulator
{
    // The squares of this many floats are summed in float, which loses little precision; these sums are added in double.
    private const int BlockLength = 1 << 14;

    private readonly IReadOnlyList<ParameterGroup> groups;
    private readonly int parts;
    private readonly double? clip;

    /// <summary>Allocates the gradients.</summary>
    /// <param name="groups">The parameter groups, whose rate factors weigh their squares in the norm.</param>
    /// <param name="parts">The number of micro-batches in a step, at least 1.</param>
    /// <param name="clip">The largest norm over all parameters together, over 0; null turns clipping off.</param>
    public VectorAccumulator(IReadOnlyList<ParameterGroup> groups, int parts, double? clip)
        : base(groups, parts, DeviceMemory.Main) => (this.groups, this.parts, this.clip) = (groups, parts, clip);

    public override void Add() => TensorPrimitives.Add(Sum.Floats, Part.Floats, Sum.Floats);

    public override void Finish()
    {
        if (parts > 1)
        {
            TensorPrimitives.Multiply(Sum.Floats, 1f / parts, Sum.Floats);
        }

        if (clip is { } maximum && maximum / (Norm() + 1e-6) is < 1 and var factor)
        {
            TensorPrimitives.Multiply(Sum.Floats, (float)factor, Sum.Floats);
        }
    }

    private double Norm()
    {
        double squares = 0;
        foreach (var group in groups)
        {
            for (int start = 0; start < group.Length; start += BlockLength)
            {
                var block = Sum.Floats.Slice(group.Offset + start, Math.Min(BlockLength, group.Length - start));
                squares += group.RateFactor * TensorPrimitives.SumOfSquares<float>(block);
            }
        }

        return Math.Sqrt(squares);
    }
}
