using System.Numerics.Tensors;

namespace Fovea.Training;

/// <summary>
/// What the weights were over the last steps: average = d average + (1 - d) weights at each, d rising to <paramref name="decay"/> over the first of them. It
/// does better on new images than the weights of any one step (Polyak and Juditsky, 1992).
/// </summary>
/// <param name="weights">The weights that move, running statistics included.</param>
/// <param name="decay">0 to less than 1; 0: the weights of the moment, without a copy.</param>
internal sealed class WeightAverage(FloatBuffer weights, double decay) : IDisposable
{
    /// <summary>The memory that the average has for itself, which a checkpoint must hold; null where it is the weights.</summary>
    public FloatBuffer? Own { get; } = decay == 0 ? null : Copy(weights);

    /// <summary>The average of the moment.</summary>
    public FloatBuffer Values => Own ?? weights;

    /// <summary>Takes in the weights after a step, counted from 1.</summary>
    public void Add(long step)
    {
        if (Own is not null)
        {
            float share = (float)(1 - Math.Min(decay, (step - 1) / (step + 9.0)));
            TensorPrimitives.Lerp(Own.Floats, weights.Floats, share, Own.Floats);
        }
    }

    private static FloatBuffer Copy(FloatBuffer weights)
    {
        var copy = new FloatBuffer(weights.Length);
        weights.Floats.CopyTo(copy.Floats);
        return copy;
    }

    public void Dispose() => (Own as IDisposable)?.Dispose();
}
