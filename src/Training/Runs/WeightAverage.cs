using System.Numerics.Tensors;
using Fovea.Training.Steps;

namespace Fovea.Training.Runs;

/// <summary>
/// An exponential moving average of the weights: average = d average + (1 - d) weights after each step, where
/// d = min(<paramref name="decay"/>, (step - 1) / (step + 9)), so that early weights are soon forgotten. The average classifies new images
/// better than the weights of a single step (Polyak and Juditsky, 1992).
/// </summary>
/// <param name="weights">The weights that training updates, with the running statistics.</param>
/// <param name="decay">The decay, 0 to less than 1. With 0 the average is the weights themselves, without a copy.</param>
internal sealed class WeightAverage(FloatBuffer weights, double decay) : IDisposable
{
    /// <summary>The average's own buffer, which a checkpoint must save; null if the average is the weights themselves.</summary>
    public FloatBuffer? Own { get; } = decay == 0 ? null : Copy(weights);

    /// <summary>The current average.</summary>
    public FloatBuffer Values => Own ?? weights;

    /// <summary>Updates the average with the weights after a step.</summary>
    /// <param name="step">The step's number, from 1.</param>
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
