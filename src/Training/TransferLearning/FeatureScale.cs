
namespace Fovea.Training.TransferLearning;

/// <summary>
/// Shifts features to a mean of 0 and scales rows to a length of about 1, so that one set of penalties suits every network. Either each
/// feature gets the same standard deviation, or all features share one factor, so that the features that vary most count most. Roots of
/// probabilities at the end of a row always share one factor, since most of them are almost 0. All roots together count as much as all
/// features together.
/// </summary>
internal sealed class FeatureScale
{
    // The least deviation, relative to the mean deviation. Without it a feature that is almost constant in training would get a large
    // factor, and would dominate the logits when it varies.
    private const double LeastDeviation = 1e-2;

    // The least deviation in absolute terms. Its reciprocal is finite, so features that never vary become 0 and not NaN.
    private const double Smallest = 1e-30;

    private readonly float[] mean, factor;

    /// <param name="rows">The rows of features, at least one.</param>
    /// <param name="isShared">Whether all features share one factor.</param>
    /// <param name="roots">The number of roots of probabilities at the end of a row; default 0.</param>
    public FeatureScale(IReadOnlyList<float[]> rows, bool isShared = false, int roots = 0)
    {
        var sum = new double[rows[0].Length];
        var squares = new double[sum.Length];
        foreach (var row in rows)
        {
            for (int i = 0; i < row.Length; i++)
            {
                sum[i] += row[i];
                squares[i] += (double)row[i] * row[i];
            }
        }

        mean = Array.ConvertAll(sum, s => (float)(s / rows.Count));
        double[] deviation =
        [
            .. squares.Zip(sum)
                .Select(s => Math.Sqrt(Math.Max(0, s.First / rows.Count - Math.Pow(s.Second / rows.Count, 2)))),
        ];
        int features = deviation.Length - roots;
        factor = roots == 0
            ? Factors(deviation, isShared, rowLength: 1)
            : [.. Factors(deviation[..features], isShared, Math.Sqrt(0.5)), .. Factors(deviation[features..], true, Math.Sqrt(0.5))];
    }

    /// <summary>Returns the scaled row.</summary>
    public float[] Apply(float[] row)
    {
        var scaled = new float[row.Length];
        for (int i = 0; i < row.Length; i++)
        {
            scaled[i] = (row[i] - mean[i]) * factor[i];
        }

        return scaled;
    }

    /// <summary>
    /// Converts a class's weights and bias for scaled rows into weights and bias for unscaled rows: w (x - mean) factor + b = (w factor) x
    /// + (b - w factor mean).
    /// </summary>
    public void Fold(Span<float> weights, ref float bias)
    {
        double shift = 0;
        for (int i = 0; i < weights.Length; i++)
        {
            weights[i] *= factor[i];
            shift += (double)weights[i] * mean[i];
        }

        bias -= (float)shift;
    }

    // Returns the factors that scale features of these deviations to rows of this length, in the root mean square.
    private static float[] Factors(double[] deviation, bool isShared, double rowLength)
    {
        if (isShared)
        {
            Array.Fill(deviation, Math.Sqrt(deviation.Average(d => d * d)));
        }

        double least = Math.Max(LeastDeviation * deviation.Average(), Smallest);
        return Array.ConvertAll(deviation, d => (float)(rowLength / (Math.Max(d, least) * Math.Sqrt(deviation.Length))));
    }
}
