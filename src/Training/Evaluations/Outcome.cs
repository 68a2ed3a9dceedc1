using System.Numerics.Tensors;
using Fovea.Models.Runtime;

namespace Fovea.Training.Evaluations;

/// <summary>A network's prediction for one image.</summary>
/// <param name="Target">The image's true class index.</param>
/// <param name="Probabilities">The softmax over all classes, [classes]; all 0 if the network returned NaN.</param>
internal sealed record Outcome(int Target, float[] Probabilities)
{
    // ML.NET's evaluator clips probabilities at this value before it takes the logarithm; the same bound keeps both losses equal.
    private const float MinimumProbability = 1e-15f;

    /// <summary>The index of the likeliest class; the first one if several are equally likely.</summary>
    public int Predicted { get; } = TensorPrimitives.IndexOfMax<float>(Probabilities);

    /// <summary>The probability of the likeliest class, 0 to 1.</summary>
    public float Confidence => Probabilities[Predicted];

    /// <summary>Whether the likeliest class is the true class.</summary>
    public bool Right => Predicted == Target;

    /// <summary>The cross-entropy in nats, 0 to 34.5.</summary>
    public double Loss => -Math.Log(Math.Max(Probabilities[Target], MinimumProbability));

    /// <summary>Returns the prediction for one image's logits.</summary>
    /// <param name="logits">The logits, [classes].</param>
    /// <param name="target">The true class index.</param>
    public static Outcome Of(ReadOnlySpan<float> logits, int target)
    {
        var probabilities = ProbabilityRule.Softmax(logits);
        bool isNumber = !probabilities.Any(double.IsNaN);
        return new(target, isNumber ? Array.ConvertAll(probabilities, p => (float)p) : new float[probabilities.Length]);
    }
}
