namespace Fovea.Training;

/// <summary>
/// Brings each feature to mean 0 and the same deviation, so that one set of regularisations suits every network; rows then have a length of
/// about 1.
/// </summary>
internal sealed class FeatureScale
{
    // A feature that hardly moved while training must not decide alone when it moves.
    private const double LeastDeviation = 1e-2;

    // Its reciprocal is still a number, so that features which never move become 0 and not undefined.
    private const double Smallest = 1e-30;

    private readonly float[] mean, factor;

    public FeatureScale(IReadOnlyList<float[]> rows)
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
        double[] deviation = [.. squares.Zip(sum).Select(s => Math.Sqrt(Math.Max(0, s.First / rows.Count - Math.Pow(s.Second / rows.Count, 2))))];
        double least = Math.Max(LeastDeviation * deviation.Average(), Smallest);
        factor = Array.ConvertAll(deviation, d => (float)(1 / (Math.Max(d, least) * Math.Sqrt(sum.Length))));
    }

    /// <summary>A row, scaled.</summary>
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
    /// Makes a class's weights and bias for scaled rows into those for plain ones: w (x - mean) factor + b = (w factor) x + (b - w factor
    /// mean).
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
}
