using System.Numerics.Tensors;
using Fovea.Models.Graphs;
using Fovea.Models.Metadata;

namespace Fovea.Models.Runtime;

/// <summary>Computes the probabilities of the classes, and the outlier score, from the logits of one image.</summary>
/// <param name="activation">The function from logits to probabilities.</param>
/// <param name="calibration">The temperature, and the threshold for outliers.</param>
public sealed class ProbabilityRule(Activation activation, ModelCalibration calibration)
{
    /// <summary>
    /// Returns the probability of each class, 0 to 1. The logits are divided by the temperature. Exclusive classes then get their softmax,
    /// and independent labels the sigmoid of each logit. If the network itself outputs probabilities, the exponential of each logit is
    /// returned, and the temperature has no effect.
    /// </summary>
    /// <param name="logits">The logits, [classes]; the logarithms of the probabilities if the network gives probabilities.</param>
    public double[] Probabilities(ReadOnlySpan<float> logits) => activation switch
    {
        Activation.None => Array.ConvertAll(logits.ToArray(), logit => Math.Exp(logit)),
        Activation.Sigmoid => Array.ConvertAll(Cooled(logits).ToArray(), logit => 1 / (1 + Math.Exp(-logit))),
        _ => Softmax(Cooled(logits)),
    };

    /// <summary>
    /// Returns the outlier score of an image; <c>null</c> if the model file has no rule for outliers.
    /// </summary>
    /// <param name="logits">The logits, [classes], not divided by the temperature.</param>
    public OutlierScore? Outlier(ReadOnlySpan<float> logits) =>
        calibration.Outlier is { } rule && Energy(logits) is var energy ? new(energy, energy > rule.Threshold) : null;

    /// <summary>Divides the logits of any number of images by the temperature, in place.</summary>
    /// <param name="logits">The logits, [images, classes].</param>
    public void Cool(Span<float> logits)
    {
        if (activation != Activation.None && calibration.Temperature != 1)
        {
            TensorPrimitives.Divide(logits, (float)calibration.Temperature, logits);
        }
    }

    /// <summary>
    /// Returns probabilities that add up to 1: the exponential of each logit, divided by the sum of all exponentials. The result is NaN if
    /// a logit is NaN or positive infinity.
    /// </summary>
    public static double[] Softmax(ReadOnlySpan<float> logits)
    {
        double highest = double.NegativeInfinity, sum = 0;
        foreach (float logit in logits)
        {
            highest = Math.Max(highest, logit);
        }

        var shares = new double[logits.Length];
        for (int i = 0; i < shares.Length; i++)
        {
            sum += shares[i] = Math.Exp(logits[i] - highest);
        }

        return Array.ConvertAll(shares, share => share / sum);
    }

    /// <summary>Returns the energy of an image: -log(sum of e^logit).</summary>
    internal static double Energy(ReadOnlySpan<float> logits)
    {
        double highest = TensorPrimitives.Max(logits), sum = 0;
        foreach (float logit in logits)
        {
            sum += Math.Exp(logit - highest);
        }

        return -(highest + Math.Log(sum));
    }

    private ReadOnlySpan<float> Cooled(ReadOnlySpan<float> logits)
    {
        if (calibration.Temperature == 1)
        {
            return logits;
        }

        var cooled = logits.ToArray();
        Cool(cooled);
        return cooled;
    }
}
