namespace Fovea.Training;

/// <summary>Converts a batch's class indices to the targets of the loss: one distribution over the classes for each image.</summary>
internal static class TargetRows
{
    /// <summary>
    /// Writes the targets of a batch. Each image's class gets 1 - <paramref name="smoothing"/>, and <paramref name="smoothing"/> is spread
    /// evenly over all classes. The rows are then mixed with the batch's <see cref="MixUp"/> share, like its images.
    /// </summary>
    /// <param name="batch">The batch.</param>
    /// <param name="smoothing">The share that is spread over all classes, 0 to less than 1.</param>
    /// <param name="rows">Receives the targets, [batch.Count, classes].</param>
    public static void Write(Batch batch, double smoothing, Span<float> rows)
    {
        int classes = rows.Length / batch.Count;
        float spread = (float)(smoothing / classes), target = (float)(1 - smoothing);
        rows.Fill(spread);
        for (int i = 0; i < batch.Count; i++)
        {
            rows[i * classes + batch.Targets[i]] += target;
        }

        MixUp.Mix(rows, classes, batch.Share);
    }
}
