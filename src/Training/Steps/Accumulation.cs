using System.Numerics.Tensors;

namespace Fovea.Training;

/// <summary>
/// What happens to gradients between the backward pass and the update: those of micro-batches become the mean of the whole batch, and a gradient
/// that is too long is shortened (Pascanu, Mikolov and Bengio, 2013), as PyTorch's clip_grad_norm_ does it.
/// </summary>
/// <param name="gradients">What each micro-batch writes, and the update reads.</param>
/// <param name="parts">Micro-batches in a step.</param>
/// <param name="clip">The highest norm over all parameters together; null: any.</param>
internal sealed class Accumulation(FloatBuffer gradients, int parts, double? clip) : IDisposable
{
    // A sum of floats in floats loses little over so many of them.
    private const int Piece = 1 << 14;

    private readonly FloatBuffer? sum = parts > 1 ? new FloatBuffer(gradients.Length) : null;

    /// <summary>Takes the gradients of a micro-batch, counted from 0.</summary>
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

    /// <summary>Leaves the batch's gradient, ready for the update.</summary>
    public void Finish()
    {
        if (sum is not null)
        {
            TensorPrimitives.Multiply(sum.Floats, 1f / parts, gradients.Floats);
        }

        if (clip is { } highest && highest / (Norm() + 1e-6) is < 1 and var factor)
        {
            TensorPrimitives.Multiply(gradients.Floats, (float)factor, gradients.Floats);
        }
    }

    public void Dispose() => ((IDisposable?)sum)?.Dispose();

    private double Norm()
    {
        double squares = 0;
        for (int start = 0; start < gradients.Length; start += Piece)
        {
            squares += TensorPrimitives.SumOfSquares<float>(gradients.Floats.Slice(start, Math.Min(Piece, gradients.Length - start)));
        }

        return Math.Sqrt(squares);
    }
}
