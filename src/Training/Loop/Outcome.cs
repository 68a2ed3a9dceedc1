using System.Numerics.Tensors;
using Fovea.Models;

namespace Fovea.Training;

/// <summary>What a network said about one image.</summary>
/// <param name="Target">The class that the image shows.</param>
/// <param name="Probabilities">The softmax over all classes; all 0 where the network gave something that is no number.</param>
internal sealed record Outcome(int Target, float[] Probabilities)
{
    // ML.NET's evaluator bounds a probability like this before it takes the logarithm.
    private const float LeastProbability = 1e-15f;

    /// <summary>The likeliest class; the first of several.</summary>
    public int Predicted { get; } = TensorPrimitives.IndexOfMax<float>(Probabilities);

    /// <summary>The likeliest class's probability, 0 to 1.</summary>
    public float Confidence => Probabilities[Predicted];

    /// <summary>Whether the likeliest class is the right one.</summary>
    public bool Right => Predicted == Target;

    /// <summary>The cross-entropy in nats, at most 34.5.</summary>
    public double Loss => -Math.Log(Math.Max(Probabilities[Target], LeastProbability));

    /// <summary>The outcome of one image's logits.</summary>
    public static Outcome Of(ReadOnlySpan<float> logits, int target)
    {
        var shares = Classifier.Softmax(logits);
        return new(target, shares.Any(double.IsNaN) ? new float[shares.Length] : Array.ConvertAll(shares, share => (float)share));
    }
}
