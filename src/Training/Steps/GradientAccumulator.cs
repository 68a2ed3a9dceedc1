using System.Numerics.Tensors;

namespace Fovea.Training.Steps;

/// <summary>
/// Prepares the gradients of a step for the update: averages them over the micro-batches, then clips their norm (Pascanu, Mikolov and
/// Bengio, 2013) as PyTorch's clip_grad_norm_ does.
/// </summary>
/// <param name="gradients">The buffer that each micro-batch writes and the update reads.</param>
/// <param name="groups">
/// The parameter groups. The norm weighs each group's squares by its rate factor, as if its parameters were rescaled so that one learning
/// rate applied to all groups.
/// </param>
/// <param name="parts">The number of micro-batches in a step, at least 1.</param>
/// <param name="clip">The largest norm over all parameters together, over 0; null turns clipping off.</param>
internal sealed class GradientAccumulator(
    FloatBuffer gradients, IReadOnlyList<ParameterGroup> groups, int parts, double? clip) : IDisposable
{
    // The squares of this many floats are summed in float, which loses little precision; these sums are added in double.
    private const int BlockLength = 1 << 14;

    private readonly FloatBuffer? sum = parts > 1 ? new FloatBuffer(gradients.Length) : null;

    /// <summary>Adds the gradients of a micro-batch to the sum.</summary>
    /// <param name="part">The micro-batch, from 0. 0 starts a new sum.</param>
    public void Add(int part)
    {
        if (sum is null)
        {
            return;
        }

        if (part == 0)
        {
            gradients.Floats.CopyTo(sum.Floats);
        }
        else
        {
            TensorPrimitives.Add(sum.Floats, gradients.Floats, sum.Floats);
        }
    }

    /// <summary>Writes the clipped mean over the micro-batches into the gradient buffer.</summary>
    public void Finish()
    {
        if (sum is not null)
        {
            TensorPrimitives.Multiply(sum.Floats, 1f / parts, gradients.Floats);
        }

        if (clip is { } maximum && maximum / (Norm() + 1e-6) is < 1 and var factor)
        {
            TensorPrimitives.Multiply(gradients.Floats, (float)factor, gradients.Floats);
        }
    }

    public void Dispose() => ((IDisposable?)sum)?.Dispose();

    private double Norm()
    {
        double squares = 0;
        foreach (var group in groups)
        {
            for (int start = 0; start < group.Length; start += BlockLength)
            {
                var block = gradients.Floats.Slice(group.Offset + start, Math.Min(BlockLength, group.Length - start));
                squares += group.RateFactor * TensorPrimitives.SumOfSquares<float>(block);
            }
        }

        return Math.Sqrt(squares);
    }
}
