namespace Fovea.Training;

/// <summary>Targets as a loss takes them: a distribution over the classes for each image of a batch, [N, classes].</summary>
internal static class TargetRows
{
    /// <summary>Writes 1 - <paramref name="smoothing"/> at each image's class and spreads the rest evenly; then mixes the rows as the images were.</summary>
    public static void Write(Batch batch, double smoothing, Span<float> rows)
    {
        int classes = rows.Length / batch.Count;
        float even = (float)(smoothing / classes), right = (float)(1 - smoothing);
        rows.Fill(even);
        for (int i = 0; i < batch.Count; i++)
        {
            rows[i * classes + batch.Targets[i]] += right;
        }

        MixUp.Mix(rows, classes, batch.Share);
    }
}
