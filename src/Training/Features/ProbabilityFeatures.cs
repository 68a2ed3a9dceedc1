namespace Fovea.Training.Features;

/// <summary>
/// Rows of features, followed by the square roots of the probabilities of the classes that the network was trained for. If these classes
/// resemble the new ones, a head on both needs fewer images than a head on the features.
/// </summary>
internal static class ProbabilityFeatures
{
    /// <summary>
    /// Returns the factor of the square roots that lets them vary about as much as the features, so that further training of the head moves
    /// the weights of both alike. It is a power of 2, so that multiplying by it rounds nothing.
    /// </summary>
    /// <param name="rows">The rows of the training images.</param>
    /// <param name="features">The number of features of an image.</param>
    public static float Balance(IReadOnlyList<float[]> rows, int features)
    {
        int width = rows[0].Length;
        double[] sum = new double[width], squares = new double[width];
        foreach (var row in rows)
        {
            for (int i = 0; i < width; i++)
            {
                sum[i] += row[i];
                squares[i] += (double)row[i] * row[i];
            }
        }

        double ratio = Variance(..features) / Variance(features..);
        return ratio > 0 && double.IsFinite(ratio) ? (float)Math.Pow(2, Math.Round(Math.Log2(ratio) / 2)) : 1;

        double Variance(Range part) =>
            squares[part].Zip(sum[part], (square, total) => Math.Max(0, square - (total * total / rows.Count))).Sum() / rows.Count;
    }

    /// <summary>Returns the rows with the square roots times a factor.</summary>
    /// <param name="set">The rows.</param>
    /// <param name="features">The number of features of an image.</param>
    /// <param name="factor">The factor.</param>
    public static FeatureSet Scaled(FeatureSet set, int features, float factor) =>
        set.Select(row => [.. row[..features], .. row[features..].Select(root => root * factor)]);
}
