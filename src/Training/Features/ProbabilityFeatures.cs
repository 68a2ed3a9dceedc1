namespace Fovea.Training.Features;

/// <summary>
/// Rows of features, followed by the square roots of the probabilities of the classes that the network was trained for. If these classes
/// resemble the new ones, a head on both needs fewer images than a head on the features.
/// </summary>
internal static class ProbabilityFeatures
{
    /// <summary>
    /// Returns the factor of the square roots that lets them vary about as much as the features. It is a power of 2, so that multiplying by
    /// it rounds nothing.
    /// </summary>
    /// <param name="rows">The rows of the training images.</param>
    /// <param name="features">The number of features of an image.</param>
    public static float Balance(IReadOnlyList<float[]> rows, int features)
    {
        double ratio = Variance(0, features) / Variance(features, rows[0].Length);
        return ratio > 0 && double.IsFinite(ratio) ? (float)Math.Pow(2, Math.Round(Math.Log2(ratio) / 2)) : 1;

        double Variance(int from, int to) => Enumerable.Range(from, to - from).Sum(i =>
        {
            double mean = rows.Average(row => (double)row[i]);
            return rows.Average(row => (row[i] - mean) * (row[i] - mean));
        });
    }

    /// <summary>Returns the rows with the square roots times a factor.</summary>
    /// <param name="set">The rows.</param>
    /// <param name="features">The number of features of an image.</param>
    /// <param name="factor">The factor.</param>
    public static FeatureSet Scaled(FeatureSet set, int features, float factor) =>
        set.Select(row => [.. row[..features], .. row[features..].Select(root => root * factor)]);
}
