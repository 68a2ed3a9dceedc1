using System.Numerics.Tensors;
using Fovea.Training.Evaluations;
using Fovea.Training.Features;

namespace Fovea.Training.TransferLearning;

/// <summary>A linear layer over features: logits = weights x features + bias.</summary>
/// <param name="Weights">The weights, [classes, features], row by row.</param>
/// <param name="Bias">The bias, [classes].</param>
internal sealed record LinearHead(float[] Weights, float[] Bias)
{
    /// <summary>Returns a head that gives all classes the same probability.</summary>
    public static LinearHead Zero(int classes, int features) => new(new float[classes * features], new float[classes]);

    /// <summary>Computes the logits of one row of features.</summary>
    public float[] Logits(ReadOnlySpan<float> features)
    {
        var logits = new float[Bias.Length];
        for (int c = 0; c < logits.Length; c++)
        {
            logits[c] = Bias[c] + TensorPrimitives.Dot(Weights.AsSpan(c * features.Length, features.Length), features);
        }

        return logits;
    }

    /// <summary>
    /// Returns each row's cross-entropy in nats, and whether it is classified rightly. For images with several labels, the cross-entropy is
    /// the mean over the labels, and all labels must be right.
    /// </summary>
    public IReadOnlyList<(double Loss, bool IsRight)> Judge(FeatureSet set)
    {
        if (set.LabelSets is { } sets)
        {
            return [.. set.Rows.Zip(sets, (row, labels) => MultiLabelOutcome.Of(Logits(row), labels)).Select(o => (o.Loss, o.IsRight))];
        }

        return [.. set.Rows.Zip(set.Targets, (row, target) => Outcome.Of(Logits(row), target)).Select(o => (o.Loss, o.Right))];
    }
}
