using System.Numerics.Tensors;

namespace Fovea.Training;

/// <summary>A linear layer over features: logits = weights x features + bias.</summary>
/// <param name="Weights">[classes, features], row by row.</param>
/// <param name="Bias">[classes].</param>
internal sealed record LinearHead(float[] Weights, float[] Bias)
{
    /// <summary>A head that finds all classes equally likely.</summary>
    public static LinearHead Zero(int classes, int features) => new(new float[classes * features], new float[classes]);

    /// <summary>The logits of one row of features.</summary>
    public float[] Logits(ReadOnlySpan<float> features)
    {
        var logits = new float[Bias.Length];
        for (int c = 0; c < logits.Length; c++)
        {
            logits[c] = Bias[c] + TensorPrimitives.Dot(Weights.AsSpan(c * features.Length, features.Length), features);
        }

        return logits;
    }

    /// <summary>Mean cross-entropy in nats, and the share of rows classified rightly.</summary>
    public (double Loss, double Accuracy) Evaluate(FeatureSet set)
    {
        double loss = 0;
        int correct = 0;
        foreach (var (row, target) in set.Rows.Zip(set.Targets))
        {
            var logits = Logits(row);
            float highest = TensorPrimitives.Max<float>(logits);
            loss += highest - logits[target] + Math.Log(logits.Sum(logit => Math.Exp(logit - highest)));
            correct += TensorPrimitives.IndexOfMax<float>(logits) == target ? 1 : 0;
        }

        return (loss / set.Rows.Count, (double)correct / set.Rows.Count);
    }
}
