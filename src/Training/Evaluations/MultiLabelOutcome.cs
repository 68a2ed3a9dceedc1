
namespace Fovea.Training.Evaluations;

/// <summary>A network's prediction for one image that can have several labels.</summary>
/// <param name="Targets">The image's true labels.</param>
/// <param name="Probabilities">The sigmoid of each logit, [classes]; 0 if the network returned NaN.</param>
/// <param name="Loss">The mean binary cross-entropy over the labels, in nats.</param>
internal sealed record MultiLabelOutcome(IReadOnlyList<int> Targets, double[] Probabilities, double Loss)
{
    // A label counts as found from this probability on.
    private const double Threshold = 0.5;

    // The largest loss of a label, which is also the loss of a label whose logit is NaN: -log(1e-15), as for images with one class.
    private const double MaximumLoss = 34.538776394910684;

    /// <summary>Whether exactly the true labels are found.</summary>
    public bool IsRight => Probabilities.Index().All(p => Finds(p.Index) == Targets.Contains(p.Index));

    /// <summary>Returns the prediction for one image's logits.</summary>
    /// <param name="logits">The logits, [classes].</param>
    /// <param name="targets">The true labels.</param>
    public static MultiLabelOutcome Of(ReadOnlySpan<float> logits, IReadOnlyList<int> targets)
    {
        var probabilities = new double[logits.Length];
        double loss = 0;
        for (int c = 0; c < logits.Length; c++)
        {
            double z = logits[c];
            probabilities[c] = double.IsNaN(z) ? 0 : 1 / (1 + Math.Exp(-z));

            // The loss of one label, softplus(z) - t z for the logit z and the target t, written so that no exponential overflows.
            double own = Math.Max(z, 0) - (targets.Contains(c) ? z : 0) + Math.Log(1 + Math.Exp(-Math.Abs(z)));
            loss += own <= MaximumLoss ? own : MaximumLoss;
        }

        return new(targets, probabilities, loss / logits.Length);
    }

    /// <summary>Whether the network finds a label.</summary>
    public bool Finds(int label) => Probabilities[label] >= Threshold;
}
